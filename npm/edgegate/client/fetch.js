// `fetch` with the access token.
import { guarded, wrong } from "../argument.js";
import { EdgegateError, isEdgegateError } from "../errors.js";
import { refusesToken } from "./challenge.js";
import { readJson } from "./request.js";

/** As the platform's fetch, for the origins in `origins`; see index.d.ts. */
export async function fetchWithToken(core, origins, input, init) {
  const { request, repeatable } = makeRequest(origins, input, init);
  const userId = core.session.user?.id;
  const token = await unlessAborted(core.accessToken(userId), request.signal);
  const spare = repeatable ? request.clone() : null;
  const response = await send(core.platform, request, token);
  const again =
    response.status === 401 &&
    (await isTokenRefused(core, request, response)) &&
    core.renewal.refused(token);
  if (!again || !spare) {
    discard(spare);
    return response;
  }
  discard(response);
  return send(core.platform, spare, await unlessAborted(core.accessToken(userId), spare.signal));
}

function makeRequest(origins, input, init) {
  const { request, repeatable } = guarded("The request", () => ({
    request: new Request(input, init),
    repeatable: !(init?.body instanceof ReadableStream),
  }));
  const { origin, protocol } = new URL(request.url);
  // A blob: address has the origin of its page.
  if (!origins.has(origin) || !/^https?:$/.test(protocol)) {
    throw wrong(
      `The access token is not for ${origin}: add it to the option "origins", or use the platform's fetch`,
    );
  }
  if (request.headers.has("Authorization"))
    throw wrong("The request has an Authorization of its own: use the platform's fetch");
  if (request.mode === "no-cors") throw wrong("The mode no-cors can't carry a token");
  return { request, repeatable };
}

async function send(platform, request, token) {
  request.headers.set("Authorization", `Bearer ${token}`);
  try {
    const response = await platform.fetch(request);
    // A `fetch` that was handed in may answer anything.
    if (typeof response.status !== "number" || typeof response.headers.get !== "function")
      throw new TypeError("No Response");
    return response;
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    if (isEdgegateError(error)) throw error;
    throw new EdgegateError("network_error", `No answer from ${new URL(request.url).origin}`, {
      cause: error,
    });
  }
}

// A 401 may be about something else: a wrong current password, which must not be sent twice, or a
// password that has to be typed again. A fresh token helps against neither.
async function isTokenRefused({ url }, request, response) {
  const challenge = header(response, "WWW-Authenticate");
  if (challenge !== null) return refusesToken(challenge);
  // Another origin may hide the header (CORS). The service has a code.
  const isProblem = /^application\/problem\+json\b/i.test(header(response, "Content-Type") ?? "");
  const problem = isProblem
    ? await unlessAborted(readProblem(response, request.signal), request.signal)
    : undefined;
  if (new URL(request.url).origin !== url.origin)
    return problem?.code !== "reauthentication_required";
  return !isProblem || problem?.code === "invalid_token";
}

// A `fetch` that was handed in may have headers of its own kind: `get` may throw, or answer
// something other than a string. Null then, as for a header that is missing.
function header({ headers }, name) {
  try {
    const value = headers.get(name);
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}

// Of a copy, so that the caller can read the answer itself.
async function readProblem(response, signal) {
  try {
    return await readJson(response.clone(), signal);
  } catch {
    return undefined;
  }
}

// The body is not needed. One that is being read, or of another kind, is left alone.
function discard(message) {
  try {
    message?.body?.cancel().catch(() => {});
  } catch {
    // Nothing is waiting for it.
  }
}

function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    // Also when it was aborted before: a rejection that nobody handles ends a Node process.
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
