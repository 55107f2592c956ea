// What vendors.rs needs from the platform: SHA-1, which nothing else here needs, and requests that
// are limited in time and size.
const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const sha1 = async (bytes) => hex(await crypto.subtle.digest("SHA-1", bytes)).toUpperCase();

/**
 * Sends a POST if `json` is given, otherwise a GET that asks the server to pad its answer. Returns
 * the whole text of an answer with status 200. For a POST it also returns the text of a 4xx answer
 * that has Turnstile's `error-codes`. Redirects are not followed, and no error contains the
 * request.
 */
export const ask = async (url, json, milliseconds, most) => {
  const headers = {
    "User-Agent": "edgegate",
    ...(json === undefined ? { "Add-Padding": "true" } : { "Content-Type": "application/json" }),
  };
  const sent = json === undefined ? { headers } : { method: "POST", headers, body: json };
  let status;
  try {
    const answer = await fetch(url, {
      ...sent,
      redirect: "manual",
      signal: AbortSignal.timeout(milliseconds),
    });
    status = answer.status;
    if (status === 200) return await read(answer.body ?? [], most);
    if (json !== undefined && status >= 400 && status < 500) {
      const text = await read(answer.body ?? [], most);
      if (text.includes('"error-codes"')) return text;
    } else {
      await answer.body?.cancel();
    }
  } catch {
    // The platform's message is not passed on, because it may contain the URL.
  }
  throw new Error(
    status === undefined || status === 200
      ? "there was no whole answer in time"
      : `it answered ${status}`,
  );
};

/**
 * Fetches a URL that a stranger chose. Returns a text: status, `Content-Type` and `Cache-Control`,
 * each on its own line, then the body if the status is 200. Redirects are not followed.
 */
export const document = async (url, milliseconds, most) => {
  try {
    const answer = await fetch(url, {
      headers: { "User-Agent": "edgegate", Accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(milliseconds),
    });
    const { status, headers } = answer;
    let body = "";
    if (status === 200) body = await read(answer.body ?? [], most);
    else await answer.body?.cancel();
    const told = [status, headers.get("Content-Type"), headers.get("Cache-Control")];
    return [...told.map((value) => value ?? ""), body].join("\n");
  } catch {
    // The platform's message is not passed on, because it may contain the URL.
    throw new Error("there was no whole answer in time");
  }
};

/** Whether `fetch` reaches public addresses only. */
export const fetchesOnlyPublic = () =>
  globalThis.Cloudflare?.compatibilityFlags?.global_fetch_strictly_public === true;

const read = async (body, most) => {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > most) throw new Error();
  }
  return text;
};
