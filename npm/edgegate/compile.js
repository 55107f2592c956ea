// Compiles the wasm. If compiling fails, the error says why.
//
// Some platforms forbid compiling wasm at run time. The loaders for these platforms (edge-light.js
// and workerd.js) must not import this file: if a program for an edge runtime contains this file,
// Next.js refuses to build the program.
import { isResponse } from "./source.js";
import { unavailable } from "./wasm.js";

/**
 * Compiles bytes, or the body of a response. This function does not use
 * `WebAssembly.compileStreaming`, because that consumes the body: to find out why compiling failed,
 * this function would need a second copy of the body. In Chromium, making that copy takes longer
 * than compiling.
 *
 * @param {BufferSource | Response} source
 * @param {string} where Where `source` comes from, for error messages.
 */
export async function compile(source, where) {
  const bytes = await bytesOf(source, where);
  if (!isWasm(bytes)) throw unavailable(`${where} is not a wasm file${htmlHint(source)}`);
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw unavailable(await compileProblem(where), cause);
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

/** @param {Response} response */
const mediaType = ({ headers }) =>
  headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";

/**
 * Returns an addition to the error message if the response is an HTML page, and otherwise an empty
 * string. A missing wasm file can look like an HTML page: the server of a single-page app answers
 * any unknown path with status 200 and the app's page.
 *
 * @param {unknown} source
 */
const htmlHint = (source) =>
  isResponse(source) && mediaType(source) === "text/html"
    ? ': the server answered with an HTML page. Serve the package\'s folder `wasm` beside its scripts, or import from "edgegate/inline", which needs no file; with Vite\'s dev server, set optimizeDeps: { exclude: ["edgegate"] }'
    : "";

/** @param {BufferSource} source */
function isWasm(source) {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return [0, 0x61, 0x73, 0x6d].every((byte, place) => bytes[place] === byte);
}

/**
 * Returns the reason why the engine did not compile the wasm. The engine's own error does not help,
 * because its text is different in each engine. Instead, this function compiles the smallest valid
 * module. If the engine rejects that module too, the page's Content-Security-Policy forbids
 * WebAssembly.
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
