// The loader for browsers, with or without a bundler, and for other platforms that fetch files by
// their address.
/**
 * @import { WasmSource } from "./types/index.d.ts"
 * @import { Platform } from "./verifier.js"
 */
import { codeOf } from "./errors.js";
import { loadFor, peekFor, verifierFor } from "./verifier.js";
import { compile, unavailable } from "./wasm.js";

export { AuthClient } from "./client/index.js";
export { EdgegateError } from "./errors.js";

/** @type {Platform} */
const platform = {
  module: find,
  // The key set is public, so no credentials. The browser revalidates its copy at every fetch.
  fetchOptions: {
    mode: "cors",
    credentials: "omit",
    cache: "no-cache",
    referrerPolicy: "no-referrer",
  },
  keepAlive: () => {},
};

export const load = /* @__PURE__ */ loadFor(platform);
export const peek = /* @__PURE__ */ peekFor(platform);
export const Verifier = /* @__PURE__ */ verifierFor(platform);

/** The wasm beside this file. Bundlers recognise this expression and include the file. */
const ownFile = () => new URL("./wasm/edgegate_bg.wasm", import.meta.url);

/** @param {WasmSource} given */
async function find(given = ownFile()) {
  if (given instanceof WebAssembly.Module) return given;
  if (typeof given === "string" || given instanceof URL)
    return fetchWasm(new URL(given, globalThis.location?.href));
  if (given instanceof Response) return compileResponse(given, given.url || "the given response");
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given))
    return compile(/** @type {BufferSource} */ (given), "the argument");
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
    // The browser dispatches the event shortly after the fetch has failed.
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
      `the server answered ${where} with status ${response.status}: serve the package's folder \`wasm\` beside its scripts`,
    );
  }
  return compile(response, where);
}

/**
 * @param {URL} url
 * @param {string[]} violated The directives of the page's policy that a request has violated.
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
