// The loader for Node. Deno and Bun use it too, since they have Node's modules.
/**
 * @import { WasmSource } from "./types/index.d.ts"
 * @import { Platform } from "./verifier.js"
 */
import { readFile } from "node:fs/promises";
import { loadFor, peekFor, verifierFor } from "./verifier.js";
import { compile, unavailable } from "./wasm.js";

export { AuthClient } from "./client/index.js";
export { EdgegateError } from "./errors.js";

/** @type {Platform} */
const platform = {
  module: find,
  fetchOptions: {},
  keepAlive: () => {},
};

export const load = /* @__PURE__ */ loadFor(platform);
export const peek = /* @__PURE__ */ peekFor(platform);
export const Verifier = /* @__PURE__ */ verifierFor(platform);

/** @param {WasmSource} given */
async function find(given = new URL("./wasm/edgegate_bg.wasm", import.meta.url)) {
  if (given instanceof WebAssembly.Module) return given;
  if (typeof given === "string" || given instanceof URL)
    return compile(await read(given), String(given));
  if (given instanceof Response) return compile(given, given.url || "the given response");
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given))
    return compile(/** @type {BufferSource} */ (given), "the argument");
  throw unavailable(
    "the argument of load() must be a path, a URL, a Response, bytes or a WebAssembly.Module",
  );
}

/** @param {string | URL} place */
async function read(place) {
  try {
    return await readFile(place);
  } catch (cause) {
    throw unavailable(
      `${place} can't be read: a bundled program must include the package's file wasm/edgegate_bg.wasm and pass its path to load()`,
      cause,
    );
  }
}
