// `fetch` with the access token.
/** @import { Core } from "./core.js" */
import { invalidArgument, readArgument } from "../argument.js";
import { becauseOf, EdgegateError, isEdgegateError } from "../errors.js";
import { refusesToken } from "./challenge.js";
import { readJson } from "./request.js";

/**
 * Works as the platform's `fetch`. See `AuthClient.fetch` in types/client.d.ts.
 *
 * @param {Core} core
 * @param {Set<string>} origins The origins that may get the token.
 * @param {RequestInfo | URL} input
 * @param {RequestInit} [init]
 */
export async function fetchWithToken(core, origins, input, init) {
  const { request, isRepeatable } = makeRequest(origins, input, init);
  const userId = core.session.user?.id;
  const token = await unlessAborted(core.accessToken(userId), request.signal);
  const spare = isRepeatable ? request.clone() : null;
  const response = await send(core, request, token);
  const isRefused =
    response.status === 401 &&
    (await isTokenRefused(core, request, response)) &&
    core.renewal.refused(token);
  if (!isRefused || !spare) {
    discard(spare);
    return response;
  }
  discard(response);
  return send(core, spare, await unlessAborted(core.accessToken(userId), spare.signal));
}

/**
 * @param {Set<string>} origins
 * @param {RequestInfo | URL} input
 * @param {RequestInit} [init]
 */
function makeRequest(origins, input, init) {
  const { request, isRepeatable } = readArgument("The request", () => ({
    request: new Request(input, init),
    isRepeatable: !(init?.body instanceof ReadableStream),
  }));
  const { origin, protocol } = new URL(request.url);
  // The `origin` of a `blob:` URL is the origin of the page that made it, so the protocol is
  // checked too.
  if (!origins.has(origin) || !/^https?:$/.test(protocol)) {
    throw invalidArgument(
      `The access token is not sent to ${origin}: add it to the option "origins", or use the platform's fetch`,
    );
  }
  if (request.headers.has("Authorization"))
    throw invalidArgument(
      "The request already has an Authorization header: use the platform's fetch",
    );
  if (request.mode === "no-cors")
    throw invalidArgument("A request with the mode no-cors can't carry the access token");
  return { request, isRepeatable };
}

/**
 * @param {Core} core
 * @param {Request} request
 * @param {string} token
 */
async function send(core, request, token) {
  request.headers.set("Authorization", `Bearer ${token}`);
  try {
    const response = await core.platform.fetch(request);
    // A `fetch` that the caller has passed in can return anything.
    if (typeof response.status !== "number" || typeof response.headers.get !== "function")
      throw new TypeError("fetch did not return a Response");
    return response;
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    if (isEdgegateError(error)) throw error;
    throw noAnswer(core, new URL(request.url).origin, error);
  }
}

/**
 * The error for a request that got no answer. If the request went neither to the page's own origin
 * nor to the service, a possible cause is that the server does not allow requests from this page
 * (CORS). The client can't find out whether this is the cause, so the message says what the server
 * must allow.
 *
 * @param {Core} core
 * @param {string} origin
 * @param {unknown} cause
 */
function noAnswer({ platform, url }, origin, cause) {
  const mayBeCors = origin !== url.origin && origin !== platform.origin && platform.origin;
  const hint = mayBeCors
    ? `. If it is up, it must allow requests from ${platform.origin} with the header Authorization (CORS)`
    : "";
  return new EdgegateError("network_error", `No answer from ${origin}${becauseOf(cause)}${hint}`, {
    cause,
  });
}

/**
 * Whether a response with the status 401 says that the access token is not valid. A 401 can also
 * mean that the current password in the request's body is wrong, or that the user must type the
 * password again. In these two cases a new token does not help, and a wrong password must not be
 * sent twice.
 *
 * @param {Core} core
 * @param {Request} request
 * @param {Response} response
 */
async function isTokenRefused({ url }, request, response) {
  const challenge = header(response, "WWW-Authenticate");
  if (challenge !== null) return refusesToken(challenge);
  // There is no header `WWW-Authenticate`, or another origin hides it (CORS). So the client looks
  // for the error code in the body, where the service sends it too.
  const isProblem = /^application\/problem\+json\b/i.test(header(response, "Content-Type") ?? "");
  const problem = isProblem
    ? await unlessAborted(readProblem(request, response), request.signal)
    : undefined;
  if (new URL(request.url).origin !== url.origin)
    return problem?.code !== "reauthentication_required";
  return !isProblem || problem?.code === "invalid_token";
}

/**
 * The value of a header. Null if the header is missing or can't be read: if the caller has replaced
 * `fetch`, `headers.get` can throw, or return something other than a string.
 *
 * @param {Response} response
 * @param {string} name
 */
function header({ headers }, name) {
  try {
    const value = headers.get(name);
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}

/**
 * Reads the JSON object in a response, which has the error code. Reads a copy of the response, so
 * that the caller can still read the body.
 *
 * @param {Request} request
 * @param {Response} response
 */
async function readProblem({ url, signal }, response) {
  try {
    return await readJson(new URL(url), response.clone(), signal);
  } catch {
    return undefined;
  }
}

/**
 * Cancels the body of a message that nobody needs. Does nothing if somebody is reading the body, or
 * if the body has no method `cancel`.
 *
 * @param {Request | Response | null} message
 */
function discard(message) {
  try {
    message?.body?.cancel().catch(() => {});
  } catch {
    // Nothing waits for the cancellation, so its failure does not matter.
  }
}

/**
 * Returns the result of `promise`, but rejects with the signal's reason as soon as the signal
 * aborts.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    // Handles a rejection of the promise even if the signal has aborted already: an unhandled
    // rejection would end a Node process.
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
