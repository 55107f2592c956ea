// A loader for browsers. Its scripts contain the wasm, as base64. It is for two cases:
//
// - The bundler does not copy the wasm file that web.js names with `new URL(…, import.meta.url)`,
//   for example with esbuild or Rollup.
// - The page must be a single file.
/**
 * @import { WasmSource } from "./types/index.d.ts"
 * @import { Platform } from "./verifier.js"
 */
import { compileInline } from "./inline-source.js";
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

/** @param {WasmSource} [given] */
async function find(given) {
  return given === undefined ? compileInline() : findOnWeb(given);
}
