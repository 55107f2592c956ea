// Finds out why a service on another origin has not answered.
//
// To a page, a service whose ALLOWED_ORIGINS does not list the page's origin looks like a service
// that is down: in both cases `fetch` rejects with the same TypeError (Fetch standard, CORS check).
// So this module sends one or two more requests. Their results show whether the service is down or
// the page's origin is missing in the list. These requests carry neither a cookie nor a token.
/** @import { Platform } from "./platform.js" */
import { EdgegateError } from "../errors.js";
import { PROBE_MS } from "./timeouts.js";

/**
 * If the service is up but does not list the page's origin, returns an error that names this
 * origin. Otherwise returns `error`.
 *
 * @param {Platform} platform
 * @param {URL} service
 * @param {EdgegateError} error
 */
export async function explainNoAnswer(platform, service, error) {
  const { origin } = platform;
  if (origin === undefined || origin === service.origin || !isTypeError(error.cause)) return error;
  // Only a page on a listed origin can read the answers of the route `/auth/me`. If this page can
  // read an answer, even a 401, the page's origin is listed, and the request failed for another
  // reason.
  if (await answers(platform, new URL("/auth/me", service), "cors")) return error;
  if (!(await answers(platform, new URL("/.well-known/jwks.json", service), "no-cors")))
    return error;
  return new EdgegateError(
    "network_error",
    `${service.origin} is up, but does not let this page read its answers: add ${origin} to the service's ALLOWED_ORIGINS`,
    { reason: "origin_not_allowed", cause: error.cause },
  );
}

/**
 * @param {Platform} platform
 * @param {URL} url
 * @param {"cors" | "no-cors"} mode
 */
async function answers(platform, url, mode) {
  const abort = new AbortController();
  /** @type {unknown} */
  let timer;
  const late = new Promise((resolve) => {
    timer = platform.setTimeout(() => resolve(false), PROBE_MS);
  });
  const asked = ask(platform, url, { mode, signal: abort.signal });
  try {
    return await Promise.race([asked, late]);
  } finally {
    platform.clearTimeout(timer);
    // Also ends the download of the body, which nobody reads.
    abort.abort();
  }
}

/**
 * @param {Platform} platform
 * @param {URL} url
 * @param {RequestInit} options
 */
async function ask({ fetch }, url, options) {
  try {
    await fetch(url, { credentials: "omit", cache: "no-store", ...options });
    return true;
  } catch {
    return false;
  }
}

/**
 * The `fetch` of a browser rejects with a TypeError. A `fetch` that the caller has passed in can
 * throw anything, even a Proxy that throws when it is inspected.
 *
 * @param {unknown} thrown
 */
function isTypeError(thrown) {
  try {
    return thrown instanceof TypeError;
  } catch {
    return false;
  }
}
