// One JSON request to the service. Whatever goes wrong is an EdgegateError: a refusal of the service by its code, anything
// else (no answer, a captive portal's page, a proxy's error) as network_error.
import { EdgegateError, isEdgegateError } from "../errors.js";
import { REQUEST_MS } from "./timeouts.js";

// A hundred sessions with their User-Agents take some 100 KB; nothing else comes near.
const LARGEST_ANSWER = 256 * 1024;
// As long as anyone would wait for a Retry-After.
const LONGEST_RETRY_SECONDS = 3600;

// docs/errors.md. A code with another status is not the service's answer.
const STATUS = {
  invalid_request: 400,
  invalid_field: 422,
  weak_password: 422,
  invalid_credentials: 401,
  invalid_link: 400,
  invalid_token: 401,
  reauthentication_required: 401,
  invalid_grant: 400,
  invalid_client: 401,
  unsupported_grant_type: 400,
  forbidden: 403,
  registration_closed: 403,
  email_taken: 409,
  last_administrator: 409,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  unavailable: 503,
  misconfigured: 500,
  internal: 500,
};
// RFC 6749 section 5.2 has other names for two of them.
const OAUTH = { temporarily_unavailable: "unavailable", server_error: "internal" };

/**
 * Sends it and answers `{status, body, date}`: `body` is the JSON object, or null where `expect` says there is none.
 *
 * - `expect`: the statuses that mean success, each with whether a JSON object comes with it: `{200: true, 204: false}`.
 * - `cookie`: whether the request uses or sets the refresh token's cookie.
 * - `signal`: gives up; rejects with its reason. `timeout`: milliseconds.
 */
export async function request(platform, url, options) {
  const { method = "POST", body, token, cookie = false, expect, keepalive = false } = options;
  const { signal, timeout = REQUEST_MS } = options;
  const abort = new AbortController();
  const giveUp = () => abort.abort();
  signal?.throwIfAborted();
  signal?.addEventListener("abort", giveUp, { once: true });
  const timer = platform.setTimeout(giveUp, timeout);
  // Not left to the signal alone: a `fetch` that was handed in may not look at it, and others wait
  // for the lock.
  const late = new Promise((_, reject) => {
    abort.signal.addEventListener("abort", () => reject(abort.signal.reason), { once: true });
  });
  late.catch(() => {});
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  try {
    const init = { method, headers, body, cookie, keepalive, signal: abort.signal };
    return await Promise.race([exchange(platform, url, expect, init), late]);
  } catch (error) {
    signal?.throwIfAborted();
    if (isEdgegateError(error)) throw error;
    const why = abort.signal.aborted ? `No answer within ${timeout / 1000} s` : "No answer";
    throw new EdgegateError("network_error", `${why} from ${url.origin}`, { cause: error });
  } finally {
    platform.clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

async function exchange(platform, url, expect, init) {
  const { method, headers, body, cookie, keepalive, signal } = init;
  const response = await platform.fetch(url, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    // A service on another origin neither sees nor sets a cookie by chance.
    credentials: cookie ? "include" : "same-origin",
    cache: "no-store",
    // The service redirects nothing; whoever does is not the service.
    redirect: "error",
    keepalive,
    signal,
  });
  const expected = expect[response.status];
  if (expected === false) {
    // A captive portal says 200 too, with a page.
    const { length } = await readBody(response, signal);
    if (length > 0) throw notTheService(response.status);
    return { status: response.status, body: null, date: response.headers.get("Date") };
  }
  const json = await readJson(response, signal);
  if (expected === undefined) throw refusal(response, json);
  if (json === undefined) throw notTheService(response.status);
  return { status: response.status, body: json, date: response.headers.get("Date") };
}

/** An answer that lacks what the service always sends. */
export function notTheService(status, retryAfter) {
  return new EdgegateError("network_error", `The answer (HTTP ${status}) is not the service's`, {
    status,
    retryAfter,
  });
}

function refusal(response, json) {
  const { status, headers } = response;
  const code = json === undefined ? undefined : (json.code ?? OAUTH[json.error] ?? json.error);
  const isKnown = isText(code) && Object.hasOwn(STATUS, code) && STATUS[code] === status;
  if (!isKnown) return notTheService(status, retryAfter(headers));
  const detail = [json.detail, json.error_description, json.title].find(isText);
  return new EdgegateError(code, detail ?? code, {
    status,
    retryAfter: retryAfter(headers),
    errors:
      code === "invalid_field"
        ? list(json.errors, (it) => isText(it?.field) && isText(it?.reason))
        : undefined,
    reasons: code === "weak_password" ? list(json.reasons, isText) : undefined,
    maxAge: code === "reauthentication_required" ? whole(json.max_age) : undefined,
    requestId: headers.get("X-Request-Id") ?? undefined,
  });
}

const isText = (value) => typeof value === "string";
const whole = (value) => (Number.isSafeInteger(value) ? value : undefined);
const list = (value, isItem) => (Array.isArray(value) ? value.filter(isItem) : []);

// The service sends seconds. Something in between may send a date (RFC 9110 section 10.2.3), which this device's clock
// can't be trusted to read.
function retryAfter(headers) {
  const text = headers.get("Retry-After");
  return text !== null && /^[0-9]{1,9}$/.test(text)
    ? Math.min(Number(text), LONGEST_RETRY_SECONDS)
    : undefined;
}

/** The JSON object of an answer, or undefined when there is none. */
export async function readJson(response, signal) {
  if (!/^application\/(problem\+)?json\s*(;|$)/i.test(response.headers.get("Content-Type") ?? "")) {
    response.body?.cancel().catch(() => {});
    return undefined;
  }
  const bytes = await readBody(response, signal);
  try {
    const json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return json !== null && typeof json === "object" && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

async function readBody(response, signal) {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const chunks = [];
  let size = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      if (!ArrayBuffer.isView(value)) throw new TypeError("The body is not made of bytes");
      size += value.byteLength;
      if (size > LARGEST_ANSWER) throw notTheService(response.status);
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
