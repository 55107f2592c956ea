// Passes a request to the wasm in a single call, and takes the answer from the wasm in a single
// call. If each header needed a call of its own, the calls alone would take as long as the work on
// the headers.

const ABSENT = "\0";
const CHECK = "/auth/authorized";
/** @type {Record<string, string>} The headers of every answer that is not a page. */
export const ALWAYS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  // The same value as in www/_headers.
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
};
// A request to `CHECK` asks whether an access token is valid. To answer such a request, the wasm
// needs only these headers.
const HEADERS_OF_A_CHECK = ["Authorization", "Origin"];
const HEADERS = [
  ...HEADERS_OF_A_CHECK,
  "Content-Type",
  "Content-Length",
  "Content-Encoding",
  "Cookie",
  "Accept-Language",
  "CF-Connecting-IP",
  "User-Agent",
  "Sec-Fetch-Site",
  "Sec-Fetch-Dest",
  "Sec-Purpose",
];

/**
 * Whether a URL is that of a check (a request that asks whether an access token is valid). The
 * method doesn't matter. When a proxy asks whether a request of its own client is allowed, it might
 * ask with the method and the body of that request.
 *
 * @param {string} url
 */
export function isCheck(url) {
  const at = url.indexOf("/", 8);
  const end = at + CHECK.length;
  return url.startsWith(CHECK, at) && (end === url.length || url[end] === "?");
}

// In UTF-8, a text has at most this many bytes per UTF-16 code unit (the unit of `length`).
const BYTES_PER_UNIT = 3;
const encoder = new TextEncoder();

/**
 * Writes a request to `buffer`, as lines of text: a new id, the method, the URL, whether there is a
 * body, then the headers. The value of a header never contains a line break or NUL.
 *
 * Returns how many bytes were written. If the buffer might be too small, nothing is written, and
 * the function returns a size that is large enough.
 *
 * @param {Request} request
 * @param {Uint8Array} buffer
 */
export const read = (request, buffer) => {
  const { headers, method, url } = request;
  const isAsked = isCheck(url);
  const hasBody = !isAsked && request.body !== null;
  const names = isAsked ? HEADERS_OF_A_CHECK : HEADERS;
  let text = `${crypto.randomUUID()}\n${method}\n${url}\n${hasBody ? 1 : 0}`;
  for (const name of names) text += `\n${headers.get(name) ?? ABSENT}`;
  const most = text.length * BYTES_PER_UNIT;
  return most > buffer.length ? most : encoder.encodeInto(text, buffer).written;
};

/**
 * The `Headers` objects of earlier answers, keyed by the text from which each was made. They are
 * used again, because copying a `Headers` object takes half as long as making a new one.
 *
 * @type {Map<string, Headers>}
 */
const made = new Map();
const MADE_MAX = 32;

/** @param {string} more */
function headersWith(more) {
  const known = made.get(more);
  if (known) return known;
  const headers = new Headers(ALWAYS);
  const lines = more === "" ? [] : more.split("\n");
  for (let at = 0; at < lines.length; at += 2) {
    // Each cookie needs a `Set-Cookie` header of its own. If several cookies were joined with
    // commas, a browser could not split them, because a cookie can contain commas.
    if (lines[at] === "Set-Cookie") headers.append(lines[at], lines[at + 1]);
    else headers.set(lines[at], lines[at + 1]);
  }
  // Headers with a cookie or a `Location` are not kept in this map. A cookie is a secret, and a
  // `Location` can contain an authorization code. Besides, both are usually different in each
  // answer, so the stored headers could rarely be used again.
  if (!headers.has("Set-Cookie") && !headers.has("Location")) {
    if (made.size === MADE_MAX) made.clear();
    made.set(more, headers);
  }
  return headers;
}

/**
 * Makes the response to a request.
 *
 * @param {number} status
 * @param {string | undefined} body The body is a string, because the platform takes twice as long
 * for bytes.
 * @param {string} requestId
 * @param {string} more More headers, as lines of text: the name of a header, its value, the name of
 *   the next header.
 */
export const respond = (status, body, requestId, more) => {
  const headers = headersWith(more);
  headers.set("X-Request-Id", requestId);
  // `Response` copies the headers, so the next answer can reuse them.
  return new Response(body, { status, headers });
};
