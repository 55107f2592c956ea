// The loader for browsers, with or without a bundler, and for other platforms that fetch files by
// URL.
/**
 * @import { WasmSource } from "./types/index.d.ts"
 * @import { Platform } from "./verifier.js"
 */
import { FETCH_OPTIONS } from "./keys.js";
import { protectFor } from "./protect.js";
import { askSoon, limitedTogether } from "./signatures.js";
import { loadFor, peekFor, verifierFor } from "./verifier.js";
import { findOnWeb } from "./web-source.js";

export { AuthClient } from "./client/index.js";
export { EdgegateError } from "./errors.js";
export { resourceMetadata } from "./protect.js";

/** @type {Platform} */
const platform = {
  module: find,
  fetchOptions: FETCH_OPTIONS,
  keepAlive: () => {},
  limit: /* @__PURE__ */ limitedTogether(askSoon),
};

export const load = /* @__PURE__ */ loadFor(platform);
export const peek = /* @__PURE__ */ peekFor(platform);
export const Verifier = /* @__PURE__ */ verifierFor(platform);
export const protect = /* @__PURE__ */ protectFor(Verifier);

/**
 * The URL of the package's wasm file. Bundlers recognise the expression `new URL(…,
 * import.meta.url)` and include the file that it names.
 */
const ownFile = () => new URL("./wasm/edgegate_bg.wasm", import.meta.url);

/** @param {WasmSource} given */
async function find(given = ownFile()) {
  return findOnWeb(given);
}
