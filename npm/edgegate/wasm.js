// Loads the wasm: when it is first needed, once, and again after a failure.
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
  "__wbindgen_start",
];

/** @type {Promise<Wasm> | null} */
let loading = null;

/**
 * The wasm, loaded at the first call.
 *
 * @param {Platform} platform
 * @param {WasmSource | Promise<WasmSource>} [given] Where the wasm is. It is ignored if the wasm is
 *   loaded already.
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
 * Handles the failure of a promise that is not needed. Otherwise it would end a Node process.
 *
 * @param {unknown} promise
 */
async function ignore(promise) {
  try {
    await promise;
  } catch {
    // The wasm is loaded already, from elsewhere.
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

/**
 * Compiles bytes or a response.
 *
 * @param {BufferSource | Response} source
 * @param {string} where Where it comes from, for error messages.
 */
export async function compile(source, where) {
  const streamed = await stream(source);
  if (streamed) return streamed;
  const bytes = await bytesOf(source, where);
  if (!isWasm(bytes)) throw unavailable(`${where} is not a wasm file${htmlHint(source)}`);
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw unavailable(await compileProblem(where), cause);
  }
}

/**
 * Compiles a response while it is being downloaded, if the server sends the media type of wasm.
 * Null if that is not possible or fails: the slower way then finds out why.
 *
 * @param {BufferSource | Response} source
 */
async function stream(source) {
  if (!isResponse(source) || typeof WebAssembly.compileStreaming !== "function") return null;
  if (mediaType(source) !== "application/wasm") return null;
  try {
    return await WebAssembly.compileStreaming(source.clone());
  } catch {
    return null;
  }
}

/**
 * @param {BufferSource | Response} source
 * @param {string} where
 */
async function bytesOf(source, where) {
  if (!isResponse(source)) return source;
  try {
    return await source.arrayBuffer();
  } catch (cause) {
    throw unavailable(`the download of ${where} broke off: try again`, cause);
  }
}

/**
 * @param {unknown} source
 * @returns {source is Response}
 */
const isResponse = (source) => typeof Response === "function" && source instanceof Response;

/** @param {Response} response */
const mediaType = ({ headers }) =>
  headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";

/**
 * A server of a single-page app answers any unknown path with 200 and its page.
 *
 * @param {unknown} source
 */
const htmlHint = (source) =>
  isResponse(source) && mediaType(source) === "text/html"
    ? ": the server answered with an HTML page. Serve the package's folder `wasm` beside its scripts; with Vite's dev server, set optimizeDeps: { exclude: [\"edgegate\"] }"
    : "";

/** @param {BufferSource} source */
function isWasm(source) {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return [0, 0x61, 0x73, 0x6d].every((byte, place) => bytes[place] === byte);
}

/**
 * Why the engine did not compile the wasm. If the page's policy forbids WebAssembly, the engine
 * rejects the smallest valid module too. The texts of the engines' errors all differ.
 *
 * @param {string} where
 */
async function compileProblem(where) {
  try {
    await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  } catch {
    return "the Content-Security-Policy does not allow WebAssembly: add 'wasm-unsafe-eval' to its script-src directive";
  }
  return `${where} is damaged, or this browser is too old for it (it needs reference types)`;
}
