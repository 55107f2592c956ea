// Sends requests to the service for which the npm package has no method. If the service rejects a
// request, these functions throw the package's error, `EdgegateError`.
/** @import { ErrorCode } from "/edgegate/client/index.js" */
import { EdgegateError } from "/edgegate/client/index.js";

const TIMEOUT_MS = 30_000;
/** The longest `Retry-After` of the service: a day. */
const RETRY_AFTER_MAX_SECONDS = 86_400;

/**
 * Sends JSON with POST. The request has cookies unless `credentials` is "omit". Returns the JSON of
 * the answer.
 *
 * @param {string} path
 * @param {object} body
 * @param {RequestCredentials} [credentials]
 */
export async function post(path, body, credentials = "same-origin") {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
      credentials,
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new EdgegateError("network_error", path, { cause });
  }
  return jsonOf(response);
}

/**
 * The JSON in the body of an answer. It is null if the status is 204 (no body). Throws
 * `EdgegateError` if the service rejected the request, or if the answer does not come from the
 * service.
 *
 * @param {Response} response
 */
export async function jsonOf(response) {
  const { ok, status, headers } = response;
  if (ok && status === 204) return null;
  /** @type {unknown} */
  const json = await response.json().catch(() => undefined);
  if (ok && json !== null && typeof json === "object") return json;
  const { code, detail } = /** @type {{code?: unknown, detail?: unknown}} */ (json ?? {});
  const isRefusal = !ok && typeof code === "string";
  const retryAfter = headers.get("Retry-After") ?? "";
  throw new EdgegateError(
    isRefusal ? /** @type {ErrorCode} */ (code) : "network_error",
    typeof detail === "string" ? detail : `${status}`,
    {
      status,
      retryAfter: /^\d{1,9}$/.test(retryAfter)
        ? Math.min(Number(retryAfter), RETRY_AFTER_MAX_SECONDS)
        : undefined,
      requestId: headers.get("X-Request-Id") ?? undefined,
    },
  );
}
