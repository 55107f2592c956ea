// Finds the wasm that the argument of load() names. The loaders for browsers (web.js, inline.js)
// use this file.
/** @import { WasmSource } from "./types/index.d.ts" */
import { compile } from "./compile.js";
import { codeOf } from "./errors.js";
import { isBytes, isModule, isPlace, isResponse } from "./source.js";
import { unavailable } from "./wasm.js";

/** @param {WasmSource} given */
export async function findOnWeb(given) {
  if (isPlace(given)) return fetchWasm(new URL(given, globalThis.location?.href));
  if (isResponse(given)) return compileResponse(given, given.url || "the given response");
  if (isBytes(given)) return compile(given, "the argument");
  if (isModule(given)) return given;
  throw unavailable(
    "the argument of load() must be a URL, a Response, bytes or a WebAssembly.Module",
  );
}

const TIMEOUT_MS = 60_000;

/** @param {URL} url */
async function fetchWasm(url) {
  /** @type {string[]} */
  const violated = [];
  /** @param {Event} event */
  const note = (event) =>
    violated.push(/** @type {SecurityPolicyViolationEvent} */ (event).effectiveDirective);
  globalThis.addEventListener?.("securitypolicyviolation", note);
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { credentials: "same-origin", signal });
    return await compileResponse(response, url.href);
  } catch (error) {
    if (codeOf(error) === "wasm_unavailable") throw error;
    // The browser dispatches `securitypolicyviolation` shortly after the fetch has failed.
    await new Promise((resolve) => setTimeout(resolve));
    throw unavailable(fetchProblem(url, violated), error);
  } finally {
    globalThis.removeEventListener?.("securitypolicyviolation", note);
  }
}

/**
 * @param {Response} response
 * @param {string} where
 */
async function compileResponse(response, where) {
  if (response.status !== 200) {
    throw unavailable(
      `the server answered ${where} with status ${response.status}: serve the package's folder \`wasm\` beside its scripts, or import from "edgegate/inline", which needs no file`,
    );
  }
  return compile(response, where);
}

/**
 * @param {URL} url
 * @param {string[]} violated The directives of the page's Content-Security-Policy that were
 *   violated during the fetch.
 */
function fetchProblem(url, violated) {
  if (violated.includes("connect-src")) {
    const source = url.origin === globalThis.location?.origin ? "'self'" : url.origin;
    return `the Content-Security-Policy does not allow fetching ${url.href}: add ${source} to its connect-src directive`;
  }
  if (globalThis.navigator?.onLine === false)
    return `${url.href} could not be fetched: the device is offline. Try again when it is online`;
  return `${url.href} could not be fetched: the network failed, or the other origin does not allow it (CORS)`;
}
