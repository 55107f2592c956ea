// The loader for Node. Deno and Bun use it too, since they have Node's modules. Its scripts contain
// the wasm, as base64. So if a bundler turns a program into a single file, that single file also
// contains the wasm. The bundler needs no setting for this.
/**
 * @import { WasmSource } from "./types/index.d.ts"
 * @import { Platform } from "./verifier.js"
 */

import { compile } from "./compile.js";
import { compileInline } from "./inline-source.js";
import { protectFor } from "./protect.js";
import { askInNode, limitedTogether } from "./signatures.js";
import { isBytes, isModule, isPlace, isResponse } from "./source.js";
import { loadFor, peekFor, verifierFor } from "./verifier.js";
import { unavailable } from "./wasm.js";

export { AuthClient } from "./client/index.js";
export { EdgegateError } from "./errors.js";
export { resourceMetadata } from "./protect.js";

/** @type {Platform} */
const platform = {
  module: find,
  fetchOptions: {},
  keepAlive: () => {},
  limit: /* @__PURE__ */ limitedTogether(askInNode),
  encode: (text) => Buffer.from(text),
};

export const load = /* @__PURE__ */ loadFor(platform);
export const peek = /* @__PURE__ */ peekFor(platform);
export const Verifier = /* @__PURE__ */ verifierFor(platform);
export const protect = /* @__PURE__ */ protectFor(Verifier);

/** @param {WasmSource} [given] */
async function find(given) {
  if (given === undefined) return compileInline();
  if (isPlace(given)) return compile(await read(given), String(given));
  if (isResponse(given)) return compile(given, given.url || "the given response");
  if (isBytes(given)) return compile(given, "the argument");
  if (isModule(given)) return given;
  throw unavailable(
    "the argument of load() must be a path, a URL, a Response, bytes or a WebAssembly.Module",
  );
}

/** @param {string | URL} place */
async function read(place) {
  try {
    const { readFile } = await import("node:fs/promises");
    return await readFile(place);
  } catch (cause) {
    throw unavailable(`${place} can't be read`, cause);
  }
}
