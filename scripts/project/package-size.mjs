// Measures the size of the npm package: the gzipped wasm and scripts, as a page loads them, and the
// tarball.
import { existsSync, readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { Advice } from "./advice.mjs";
import { inRoot } from "./root.mjs";

/**
 * The sizes in bytes. The scripts are measured in the form that a bundler makes of them: minified,
 * in one file.
 */
export async function packageSizes() {
  const tarball = packageTarball();
  if (!existsSync(tarball)) throw new Advice("there is no npm package yet: run `npm run build`.");
  return {
    wasm: gzipped(readFileSync(inRoot("npm/edgegate/wasm/edgegate_bg.wasm"))),
    js: gzipped(await bundled("npm/edgegate/web.js")),
    client: gzipped(await bundled("npm/edgegate/client/index.js")),
    redirect: gzipped(await bundled("npm/edgegate/redirect/index.js")),
    tarball: statSync(tarball).size,
  };
}

export function packageTarball() {
  const { version } = JSON.parse(readFileSync(inRoot("npm/edgegate/package.json"), "utf8"));
  return inRoot(`dist/edgegate-${version}.tgz`);
}

/** @param {number} bytes */
export const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

/** @param {string} path */
async function bundled(path) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [inRoot(path)],
    bundle: true,
    format: "esm",
    minify: true,
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].contents;
}

/** @param {Uint8Array} bytes */
const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;
