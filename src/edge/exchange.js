// Passes a request to the wasm in a single call, and takes the answer out in a single call. With
// one call per header, the calls alone would take as long as the work on the headers.

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
// A request to `CHECK` asks whether an access token is valid. It needs only these headers.
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
 * Whether a URL is that of a check. The method doesn't matter: a proxy that asks about its own
 * client's request may use the method and the body of that request.
 *
 * @param {string} url
 */
export function isCheck(url) {
  const at = url.indexOf("/", 8);
  const end = at + CHECK.length;
  return url.startsWith(CHECK, at) && (end === url.length || url[end] === "?");
}

// In UTF-8 a text has at most this many bytes for each UTF-16 code unit.
const BYTES_PER_UNIT = 3;
const encoder = new TextEncoder();

/**
 * Writes a request to `buffer`, as lines: a new id, the method, the URL, whether there is a body,
 * then the headers. No header contains a line break or NUL. Returns how many bytes it wrote. If the
 * buffer is too small, it returns how many bytes it needs at most, and writes nothing.
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
 * `Headers` that were made before, keyed by the text from which they were made. Copying `Headers`
 * takes half as long as making them.
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
    // Each cookie needs a header of its own, since a cookie may contain commas.
    if (lines[at] === "Set-Cookie") headers.append(lines[at], lines[at + 1]);
    else headers.set(lines[at], lines[at + 1]);
  }
  // Headers with a cookie or a `Location` are not kept in memory. A cookie is a secret, a
  // `Location` may contain an authorization code, and both are different in every answer.
  if (!headers.has("Set-Cookie") && !headers.has("Location")) {
    if (made.size === MADE_MAX) made.clear();
    made.set(more, headers);
  }
  return headers;
}

/**
 * Makes an answer.
 *
 * @param {number} status
 * @param {string | undefined} body A text, because the platform takes twice as long for bytes.
 * @param {string} requestId
 * @param {string} more Other headers, as lines: a name, its value, the next name.
 */
export const respond = (status, body, requestId, more) => {
  const headers = headersWith(more);
  headers.set("X-Request-Id", requestId);
  // `Response` copies the headers, so the next answer can reuse them.
  return new Response(body, { status, headers });
};
