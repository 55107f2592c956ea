// Builds a subject of the bench and starts it in workerd. The bench sends its requests directly to
// workerd, without Miniflare's proxy: an empty Worker answers 15,000 requests per second directly,
// but only about 800 through the proxy.
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

const COMPATIBILITY_DATE = "2026-10-23";

/** Bundles and minifies the Worker of another project, as wrangler would upload it. */
export async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    mainFields: ["browser", "module", "main"],
    conditions: ["workerd", "worker", "browser", "import"],
    external: ["node:*", "cloudflare:*"],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  return outputFiles[0].text;
}

/** Starts a script with these options of Miniflare and returns `{ url, stop, miniflare }`. */
export async function start(script, options) {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      handleStructuredLogs() {},
      workers: [
        {
          name: "subject",
          modules: [{ type: "ESModule", path: "index.js", contents: script }],
          compatibilityDate: COMPATIBILITY_DATE,
          compatibilityFlags: ["nodejs_compat"],
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
          ...options,
        },
      ],
    }),
  );
  try {
    await miniflare.ready;
    return {
      url: await miniflare.unsafeGetDirectURL("subject"),
      stop: () => miniflare.dispose(),
      miniflare,
    };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}
