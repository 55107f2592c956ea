// The wasm: loaded when it is first needed, once, and again after a failure.
import { EdgegateError, isEdgegateError } from "./errors.js";
import { Wasm } from "./instance.js";

const NEEDED = ["memory", "peek", "verifier_make", "verifier_verify", "__wbindgen_start"];

let loading = null;

/** Answers the wasm, as a `Wasm`. `platform.module(given)` finds the WebAssembly.Module, or says what is in the way. */
export function loadWasm(platform, given) {
  if (loading) void unused(given);
  loading ??= start(platform, given).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

// A promise that is not needed any more: its failure is nobody's.
async function unused(given) {
  try {
    await given;
  } catch {
    // The wasm is there, or comes from elsewhere.
  }
}

async function start(platform, given) {
  if (typeof WebAssembly === "undefined")
    throw unavailable("this browser has no WebAssembly, or its user has switched it off");
  const module = await find(platform, given);
  const other =
    "the wasm file is not the one of this version of the package: bring both from the same release";
  try {
    const found = WebAssembly.Module.exports(module).map(({ name }) => name);
    if (!NEEDED.every((name) => found.includes(name))) throw new TypeError("A function is missing");
    return new Wasm(module);
  } catch (cause) {
    throw unavailable(other, cause);
  }
}

async function find(platform, given) {
  try {
    return await platform.module(await given);
  } catch (error) {
    if (isEdgegateError(error) && error.code === "wasm_unavailable") throw error;
    throw unavailable("what load() was given is no wasm, or could not be fetched or read", error);
  }
}

export const unavailable = (why, cause) =>
  new EdgegateError("wasm_unavailable", `edgegate: ${why}`, { cause });

/** Compiles bytes, or a response, that came from `where`. */
export async function compile(source, where) {
  const streamed = await stream(source);
  if (streamed) return streamed;
  const bytes = await bytesOf(source, where);
  if (!isWasm(bytes)) throw unavailable(`${where} is no wasm file${htmlHint(source)}`);
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw unavailable(await compileProblem(where), cause);
  }
}

// While it comes in, if the server says the right type. Anything that goes wrong is found, and named, by the slower way.
async function stream(source) {
  if (!isResponse(source) || typeof WebAssembly.compileStreaming !== "function") return null;
  if (mediaType(source) !== "application/wasm") return null;
  try {
    return await WebAssembly.compileStreaming(source.clone());
  } catch {
    return null;
  }
}

async function bytesOf(source, where) {
  if (!isResponse(source)) return source;
  try {
    return await source.arrayBuffer();
  } catch (cause) {
    throw unavailable(`${where} broke off on its way: try again`, cause);
  }
}

const isResponse = (source) => typeof Response === "function" && source instanceof Response;

const mediaType = (response) =>
  response.headers.get("content-type")?.split(";")[0].trim().toLowerCase() ?? "";

// Servers of single-page apps answer 200 with their page to any path.
const htmlHint = (source) =>
  isResponse(source) && mediaType(source) === "text/html"
    ? ": the server answered with a page. Serve the package's folder `wasm` beside its scripts; with Vite's dev server, set optimizeDeps: { exclude: [\"edgegate\"] }"
    : "";

function isWasm(source) {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return [0, 0x61, 0x73, 0x6d].every((byte, place) => bytes[place] === byte);
}

// Every engine words a refusal by the page's policy in its own way. The smallest module there is tells without words.
async function compileProblem(where) {
  try {
    await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  } catch {
    return "the Content-Security-Policy does not allow WebAssembly: add 'wasm-unsafe-eval' to its script-src directive";
  }
  return `${where} is damaged, or this engine is too old for it (it needs reference types)`;
}
