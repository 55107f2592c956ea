// Serves the page and the files of the package edgegate. The page needs no bundler, so any server
// for static files would do.
//   ISSUER=http://127.0.0.1:8787 CLIENT_ID=demo-spa PORT=5174 node serve.js
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const { ISSUER = "http://127.0.0.1:8787", CLIENT_ID = "demo-spa", PORT = "5174" } = process.env;
const PUBLIC = fileURLToPath(new URL("public", import.meta.url));
const EDGEGATE = dirname(fileURLToPath(import.meta.resolve("edgegate/package.json")));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/config.json") {
    response.writeHead(200, { "Content-Type": "application/json" });
    return response.end(JSON.stringify({ issuer: ISSUER, clientId: CLIENT_ID }));
  }
  const inPackage = /^\/edgegate\/([\w./-]+\.js)$/.exec(pathname)?.[1];
  const isUnsafe = pathname.includes("..");
  // Every path without a file extension is a page of the app, including /callback.
  const name = extname(pathname) ? pathname : "/index.html";
  const file = inPackage ? join(EDGEGATE, inPackage) : join(PUBLIC, name);
  try {
    const body = isUnsafe ? undefined : await readFile(file);
    response.writeHead(body ? 200 : 404, {
      "Content-Type": TYPES[extname(file)] ?? "text/plain",
      "Content-Security-Policy": `default-src 'none'; script-src 'self'; img-src data:; connect-src 'self' ${ISSUER}; base-uri 'none'; frame-ancestors 'none'`,
    });
    response.end(body);
  } catch {
    response.writeHead(404, { "Content-Type": "text/plain" }).end("not found");
  }
});

server.listen(Number(PORT), () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`listening at http://localhost:${port}`);
});
