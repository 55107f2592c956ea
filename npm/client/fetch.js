// `fetch` with the access token.
import { EdgegateError } from "../errors.js";

/** As the platform's fetch, for the origins in `origins`; see index.d.ts. */
export async function fetchWithToken(core, origins, input, init) {
  const { request, repeatable } = makeRequest(core.platform, origins, input, init);
  const userId = core.session.user?.id;
  const token = await unlessAborted(core.accessToken(userId), request.signal);
  const spare = repeatable ? request.clone() : null;
  const response = await send(core.platform, request, token);
  const again = response.status === 401 && (await isTokenRefused(core, request, response)) && core.renewal.refused(token);
  if (!again || !spare) {
    spare?.body?.cancel().catch(() => {});
    return response;
  }
  response.body?.cancel().catch(() => {});
  return send(core.platform, spare, await unlessAborted(core.accessToken(userId), spare.signal));
}

function makeRequest(platform, origins, input, init) {
  let request;
  try {
    request = new Request(input, init);
  } catch (error) {
    if (error?.name === "AbortError") throw error;
    throw new EdgegateError("invalid_argument", "No request can be made of these arguments", { cause: error });
  }
  const { origin, protocol } = new URL(request.url);
  // A blob: address has the origin of its page.
  if (!origins.has(origin) || !/^https?:$/.test(protocol)) {
    const remedy = 'add it to the option "origins", or use the platform\'s fetch';
    throw new EdgegateError("invalid_argument", `The access token is not for ${origin}: ${remedy}`);
  }
  if (request.headers.has("Authorization")) {
    throw new EdgegateError("invalid_argument", "The request has an Authorization of its own: use the platform's fetch");
  }
  if (request.mode === "no-cors") throw new EdgegateError("invalid_argument", "The mode no-cors can't carry a token");
  return { request, repeatable: !(init?.body instanceof ReadableStream) };
}

async function send(platform, request, token) {
  request.headers.set("Authorization", `Bearer ${token}`);
  try {
    return await platform.fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new EdgegateError("network_error", `No answer from ${new URL(request.url).origin}`, { cause: error });
  }
}

// A 401 may be about something else: the service says so of a wrong current password, which must not be sent twice.
async function isTokenRefused({ url }, request, response) {
  const challenge = response.headers.get("WWW-Authenticate");
  if (challenge !== null) return /\bBearer\b/i.test(challenge);
  // Another origin may hide the header (CORS). The service has a code.
  if (new URL(request.url).origin !== url.origin) return true;
  if (!/^application\/problem\+json\b/i.test(response.headers.get("Content-Type") ?? "")) return true;
  const problem = await response.clone().json().catch(() => null);
  return problem?.code === "invalid_token";
}

function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
