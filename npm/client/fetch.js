// `fetch` with the access token.
import { EdgegateError } from "../errors.js";
import { refusesToken } from "./challenge.js";
import { readJson } from "./request.js";

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

// A 401 may be about something else: a wrong current password, which must not be sent twice, or a password that has to be
// typed again. A fresh token helps against neither.
async function isTokenRefused({ url }, request, response) {
  const challenge = response.headers.get("WWW-Authenticate");
  if (challenge !== null) return refusesToken(challenge);
  // Another origin may hide the header (CORS). The service has a code.
  const isProblem = /^application\/problem\+json\b/i.test(response.headers.get("Content-Type") ?? "");
  const reading = isProblem ? readJson(response.clone(), request.signal).catch(() => undefined) : undefined;
  const problem = await unlessAborted(Promise.resolve(reading), request.signal);
  if (new URL(request.url).origin !== url.origin) return problem?.code !== "reauthentication_required";
  return !isProblem || problem?.code === "invalid_token";
}

function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
