// Sends one request to the service. Every failure is an EdgegateError. If the service refuses the
// request, the error has the service's code. Any other failure is a `network_error`, for example if
// there is no answer, or if a captive portal or a proxy has answered.
/**
 * @import { ServiceErrorCode } from "../types/errors.d.ts"
 * @import { Platform } from "./platform.js"
 */
import { becauseOf, EdgegateError, isEdgegateError } from "../errors.js";
import { STATUS } from "../generated.js";
import { decodeText } from "../text.js";
import { REQUEST_MS } from "./timeouts.js";

// The largest answers are lists of sessions with their User-Agents. A user has up to about a
// hundred sessions (100 KB), and up to twenty more for each app. So this is enough for forty apps.
const ANSWER_MAX_BYTES = 1024 * 1024;
// The longest `Retry-After` that the service sends is a day. A proxy might send a longer one, which
// is reduced to this value.
const RETRY_AFTER_MAX_SECONDS = 86_400;

/**
 * OAuth (RFC 6749 section 4.1.2.1) has its own names for two errors. The service uses these names
 * at its OAuth endpoints. The values are the service's codes for the same errors.
 *
 * @type {Record<string, ServiceErrorCode>}
 */
const OAUTH_CODES = { temporarily_unavailable: "unavailable", server_error: "internal" };

/**
 * @typedef {Record<string, unknown>} Json A JSON object.
 *
 * @typedef {object} RequestOptions
 * @property {string} [method]
 * @property {object} [body] Sent as JSON.
 * @property {Record<string, string>} [form] Sent as a form, in place of `body`. A browser sends a
 *   form to another origin without a preflight request.
 * @property {string} [token] The access token.
 * @property {boolean} [cookie] Whether the request uses or sets the cookie.
 * @property {Record<number, boolean>} expect The statuses that mean success, for example `{200:
 *   true, 204: false}`. True: the answer must have a JSON object. False: it must have no body, or
 *   `{}`.
 * @property {boolean} [keepalive] Whether the request continues when the page is closed.
 * @property {AbortSignal} [signal] When it aborts, the request rejects with the signal's reason.
 * @property {number} [timeout] Milliseconds.
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {Json | null} body Null if `expect` has the value false for the status.
 * @property {string | null} date The Date header.
 */

/**
 * @param {Platform} platform
 * @param {URL} url
 * @param {RequestOptions} options
 * @returns {Promise<Answer>}
 */
export async function request(platform, url, options) {
  const { method = "POST", body, form, token, cookie = false, expect, keepalive = false } = options;
  const { signal, timeout = REQUEST_MS } = options;
  const abort = new AbortController();
  const giveUp = () => abort.abort();
  signal?.throwIfAborted();
  signal?.addEventListener("abort", giveUp, { once: true });
  const timer = platform.setTimeout(giveUp, timeout);
  // The abort signal alone is not enough: a `fetch` that the caller passed in can ignore the
  // signal. Without this promise, the request might then never end, and other requests would wait
  // for the lock for ever.
  const late = /** @type {Promise<never>} */ (
    new Promise((_, reject) => {
      abort.signal.addEventListener("abort", () => reject(abort.signal.reason), { once: true });
    })
  );
  late.catch(() => {});
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  try {
    /** @type {RequestInit} */
    const init = {
      method,
      headers,
      // The browser adds the Content-Type of a form.
      body: form ? new URLSearchParams(form) : body && JSON.stringify(body),
      // With `same-origin`, a service on another origin can neither get nor set a cookie by
      // accident.
      credentials: cookie ? "include" : "same-origin",
      cache: "no-store",
      // The service never answers these requests with a redirect, so a redirect comes from somebody
      // else.
      redirect: "error",
      keepalive,
      signal: abort.signal,
    };
    const answer = exchange(url, platform.fetch(url, init), expect, abort.signal);
    return await Promise.race([answer, late]);
  } catch (error) {
    signal?.throwIfAborted();
    if (isEdgegateError(error)) throw error;
    const why = abort.signal.aborted ? `No answer within ${timeout / 1000} s` : "No answer";
    const message = `${why} from ${url.origin}${becauseOf(error)}`;
    throw new EdgegateError("network_error", message, { cause: error });
  } finally {
    platform.clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

/**
 * @param {URL} url
 * @param {Promise<Response>} sent
 * @param {RequestOptions["expect"]} expect
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
async function exchange(url, sent, expect, signal) {
  const response = await sent;
  const expected = expect[response.status];
  if (expected === false) {
    // A captive portal can also answer with an expected status, but the body of its answer is a
    // page.
    const text = new TextDecoder().decode(await readBody(url, response, signal));
    if (text !== "" && text !== "{}") throw notTheService(url, response.status);
    return { status: response.status, body: null, date: response.headers.get("Date") };
  }
  const json = await readJson(url, response, signal);
  if (expected === undefined) throw refusal(url, response, json);
  if (json === undefined) throw notTheService(url, response.status);
  return { status: response.status, body: json, date: response.headers.get("Date") };
}

/**
 * The error for an answer that does not come from the service.
 *
 * @param {URL} url The URL of the request.
 * @param {number} status
 * @param {number} [retryAfter]
 */
export function notTheService({ origin }, status, retryAfter) {
  const message = `The answer from ${origin} (HTTP ${status}) does not come from the service`;
  return new EdgegateError("network_error", message, { status, retryAfter });
}

/**
 * @param {URL} url
 * @param {Response} response
 * @param {Json | undefined} json
 */
function refusal(url, { status, headers }, json) {
  const code = codeIn(json);
  // Each error code of the service belongs to one status. If the answer has another status, it does
  // not come from the service.
  if (!json || !code || STATUS[code] !== status)
    return notTheService(url, status, retryAfter(headers));
  const detail = [json.detail, json.error_description, json.title].find(isText);
  return new EdgegateError(code, detail ?? code, {
    status,
    retryAfter: retryAfter(headers),
    errors: code === "invalid_field" ? filter(json.errors, isFieldError) : undefined,
    reasons: code === "weak_password" ? filter(json.reasons, isText) : undefined,
    maxAge: code === "reauthentication_required" ? integer(json.max_age) : undefined,
    requestId: headers.get("X-Request-Id") ?? undefined,
  });
}

/**
 * @param {Json | undefined} json
 * @returns {ServiceErrorCode | undefined}
 */
function codeIn(json) {
  const { code, error } = json ?? {};
  const oauthCode = isText(error) && Object.hasOwn(OAUTH_CODES, error) ? OAUTH_CODES[error] : error;
  const found = code ?? oauthCode;
  return isText(found) && isServiceCode(found) ? found : undefined;
}

/**
 * @param {string} code
 * @returns {code is ServiceErrorCode}
 */
const isServiceCode = (code) => Object.hasOwn(STATUS, code);

/**
 * @param {unknown} value
 * @returns {value is string}
 */
const isText = (value) => typeof value === "string";

/**
 * @param {unknown} value
 * @returns {value is {field: string, reason: string}}
 */
function isFieldError(value) {
  const { field, reason } = /** @type {Json} */ (value ?? {});
  return isText(field) && isText(reason);
}

/** @param {unknown} value */
const integer = (value) =>
  Number.isSafeInteger(value) ? /** @type {number} */ (value) : undefined;

/**
 * @template T
 * @param {unknown} value
 * @param {(entry: unknown) => entry is T} isEntry
 */
const filter = (value, isEntry) => (Array.isArray(value) ? value.filter(isEntry) : []);

/**
 * The header Retry-After in seconds, as the service sends it. A proxy can send a date instead (RFC
 * 9110 section 10.2.3). A date is ignored, because the clock of this device might be wrong.
 *
 * @param {Headers} headers
 */
function retryAfter(headers) {
  const text = headers.get("Retry-After");
  return text !== null && /^[0-9]{1,9}$/.test(text)
    ? Math.min(Number(text), RETRY_AFTER_MAX_SECONDS)
    : undefined;
}

/**
 * The JSON object in the body of an answer. Undefined if the body has none.
 *
 * @param {URL} url
 * @param {Response} response
 * @param {AbortSignal} signal
 * @returns {Promise<Json | undefined>}
 */
export async function readJson(url, response, signal) {
  if (!/^application\/(problem\+)?json\s*(;|$)/i.test(response.headers.get("Content-Type") ?? "")) {
    response.body?.cancel().catch(() => {});
    return undefined;
  }
  const bytes = await readBody(url, response, signal);
  try {
    const json = JSON.parse(decodeText(bytes));
    return json !== null && typeof json === "object" && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {URL} url
 * @param {Response} response
 * @param {AbortSignal} signal
 */
async function readBody(url, response, signal) {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const chunks = [];
  let size = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      if (!ArrayBuffer.isView(value)) throw new TypeError("The body does not consist of bytes");
      size += value.byteLength;
      if (size > ANSWER_MAX_BYTES) throw notTheService(url, response.status);
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
