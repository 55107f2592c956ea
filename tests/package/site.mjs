// A site with static files on this machine. A test can choose its Content-Security-Policy and its
// answers.

import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

export const STRICT =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".css": "text/css",
};

/**
 * Starts the site. `site.answers` (path → function of request and response) takes precedence over
 * `pages` (path → text), and `pages` takes precedence over `folders` (prefix → folder). `site.csp`
 * is the Content-Security-Policy of every page. `site.asked` lists the paths that were requested so
 * far.
 */
export async function startSite(t, { pages = {}, folders = {}, csp = STRICT } = {}) {
  const site = { csp, answers: {}, asked: /** @type {string[]} */ ([]) };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://site").pathname;
    site.asked.push(path);
    if (site.answers[path]) return site.answers[path](request, response);
    const body = pages[path] ?? fileIn(folders, path);
    if (body === undefined)
      return response.writeHead(404, { "Content-Type": "text/plain" }).end("not found");
    const type = TYPES[extname(path)] ?? "text/html";
    response
      .writeHead(200, {
        "Content-Type": type,
        ...(type === "text/html" && { "Content-Security-Policy": site.csp }),
      })
      .end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  );
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  site.origin = `http://127.0.0.1:${port}`;
  return site;
}

function fileIn(folders, path) {
  const found = Object.entries(folders).find(([prefix]) => path.startsWith(prefix));
  if (!found) return undefined;
  const [prefix, folder] = found;
  const rest = normalize(path.slice(prefix.length) || "index.html");
  if (rest.startsWith("..")) return undefined;
  try {
    return statSync(join(folder, rest)).isFile() ? readFileSync(join(folder, rest)) : undefined;
  } catch {
    return undefined;
  }
}
