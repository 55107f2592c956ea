// For browsers, with a bundler or without, and for whatever fetches its files by address.
import { loadFor, peekFor, verifierFor } from "./verifier.js";
import { compile, unavailable } from "./wasm.js";

export { AuthClient } from "./client/index.js";
export { EdgegateError } from "./errors.js";

const platform = {
  module: find,
  // The set is public, and no older than the server has it.
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

/** The wasm beside this file: bundlers know this spelling and bring it along. */
const ownFile = () => new URL("./wasm/edgegate_bg.wasm", import.meta.url);

async function find(given = ownFile()) {
  if (given instanceof WebAssembly.Module) return given;
  if (typeof given === "string" || given instanceof URL)
    return fetched(new URL(given, globalThis.location?.href));
  if (given instanceof Response) return checked(given, given.url || "the given response");
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given))
    return compile(given, "what was given");
  throw unavailable("load() takes an address, a Response, bytes or a WebAssembly.Module");
}

const TIMEOUT_MS = 60_000;

async function fetched(url) {
  const violations = [];
  const note = ({ effectiveDirective, blockedURI }) =>
    violations.push({ effectiveDirective, blockedURI });
  globalThis.addEventListener?.("securitypolicyviolation", note);
  try {
    return await checked(
      await fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS) }),
      url.href,
    );
  } catch (error) {
    if (error.code === "wasm_unavailable") throw error;
    // The event is on its way when the fetch fails.
    await new Promise((resolve) => setTimeout(resolve));
    throw unavailable(fetchProblem(url, violations), error);
  } finally {
    globalThis.removeEventListener?.("securitypolicyviolation", note);
  }
}

async function checked(response, where) {
  if (response.status !== 200) {
    throw unavailable(
      `the server answered ${response.status} for ${where}: serve the package's folder \`wasm\` beside its scripts`,
    );
  }
  return compile(response, where);
}

function fetchProblem(url, violations) {
  if (violations.some(({ effectiveDirective }) => effectiveDirective === "connect-src")) {
    return `the Content-Security-Policy does not allow fetching ${url.href}: add ${url.origin === globalThis.location?.origin ? "'self'" : url.origin} to its connect-src directive`;
  }
  if (globalThis.navigator?.onLine === false)
    return `${url.href} could not be fetched: the device is offline. Try again when it is not`;
  return `${url.href} could not be fetched: the network failed, or the other origin does not allow it (CORS)`;
}
