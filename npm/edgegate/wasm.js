// Loads the wasm when it is first needed. The wasm is loaded only once. If loading fails, the next
// call tries again.
/**
 * @import { WasmSource } from "./types/index.d.ts"
 * @import { Platform } from "./verifier.js"
 */
import { codeOf, EdgegateError } from "./errors.js";
import { Wasm } from "./instance.js";

const NEEDED_EXPORTS = [
  "memory",
  "peek",
  "canonicalEmail",
  "verifier_make",
  "verifier_verify",
  "verifier_judgeUnverified",
  "__wbindgen_start",
];

/** @type {Promise<Wasm> | null} */
let loading = null;

/**
 * Returns the wasm. The first call loads it.
 *
 * @param {Platform} platform
 * @param {WasmSource | Promise<WasmSource>} [given] Where the wasm is. Ignored if the wasm is
 *   loaded already, or is being loaded.
 */
export function loadWasm(platform, given) {
  if (loading) void ignore(given);
  loading ??= start(platform, given).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/**
 * Waits for a promise whose result is not needed. Without this function, nobody would handle a
 * rejection of the promise, and Node would end the process.
 *
 * @param {unknown} promise
 */
async function ignore(promise) {
  try {
    await promise;
  } catch {
    // The wasm is loaded from the place that an earlier call named, so this failure does not
    // matter.
  }
}

/**
 * @param {Platform} platform
 * @param {WasmSource | Promise<WasmSource>} [given]
 */
async function start(platform, given) {
  if (typeof WebAssembly === "undefined")
    throw unavailable("this browser has no WebAssembly, or its user has disabled it");
  const module = await find(platform, given);
  try {
    const found = WebAssembly.Module.exports(module).map(({ name }) => name);
    if (!NEEDED_EXPORTS.every((name) => found.includes(name)))
      throw new TypeError("A function is missing");
    return new Wasm(module);
  } catch (cause) {
    throw unavailable(
      "the wasm file does not belong to this version of the package: use the scripts and the wasm file of one release",
      cause,
    );
  }
}

/**
 * @param {Platform} platform
 * @param {WasmSource | Promise<WasmSource>} [given]
 */
async function find(platform, given) {
  try {
    return await platform.module(await given);
  } catch (error) {
    if (codeOf(error) === "wasm_unavailable") throw error;
    throw unavailable(
      "the argument of load() is not a wasm file, or could not be fetched or read",
      error,
    );
  }
}

/**
 * @param {string} why
 * @param {unknown} [cause]
 */
export const unavailable = (why, cause) =>
  new EdgegateError("wasm_unavailable", `edgegate: ${why}`, { cause });
