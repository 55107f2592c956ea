// Measures how much of Cloudflare's size limit the Worker uses. Cloudflare limits the gzipped size
// of everything that wrangler uploads.
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { Advice } from "./advice.mjs";
import { inRoot } from "./root.mjs";

export function workerSize() {
  if (!existsSync(inRoot("build/index_bg.wasm")))
    throw new Advice("there is no Worker yet: run `npm run build`.");
  const sizes = ["index_bg.wasm", "index.js"].map(
    (name) => gzipSync(readFileSync(inRoot("build", name)), { level: 9 }).length,
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { bytes, text: `${(bytes / 1024).toFixed(0)} KB gzipped` };
}
