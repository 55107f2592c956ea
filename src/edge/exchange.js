// A request and its answer, each in one crossing between JavaScript and the wasm: a crossing costs as much as what is done with
// the header that it brings.

const ABSENT = "\0";
// What every answer has.
const EVERY = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  // The same as in www/_headers.
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
};
// A check needs no more.
const OF_A_CHECK = ["Authorization", "Origin"];
const ALL = [
  ...OF_A_CHECK,
  "Content-Type",
  "Content-Length",
  "Cookie",
  "Accept-Language",
  "CF-Connecting-IP",
  "User-Agent",
];

// Longer in UTF-8 than in UTF-16 by this at most.
const BYTES_A_UNIT = 3;
const encoder = new TextEncoder();

/** Writes to `buffer` what is asked, a line each: an id, the method, the URL, whether there is a body, then headers. No header holds an
 *  end of line or NUL. Answers how many bytes that is, or how many there should be room for. */
export const read = (request, buffer) => {
  const { headers, method, url } = request;
  const isCheck = method === "GET" && url.startsWith("/auth/authorized", url.indexOf("/", 8));
  const hasBody = !isCheck && request.body !== null;
  const names = isCheck ? OF_A_CHECK : ALL;
  let text = `${crypto.randomUUID()}\n${method}\n${url}\n${hasBody ? 1 : 0}`;
  for (const name of names) text += `\n${headers.get(name) ?? ABSENT}`;
  const most = text.length * BYTES_A_UNIT;
  return most > buffer.length ? most : encoder.encodeInto(text, buffer).written;
};

// Headers by what they were made of: to copy them costs half of making them.
const made = new Map();
const MOST_MADE = 32;

function headersWith(more) {
  const known = made.get(more);
  if (known) return known;
  const headers = new Headers(EVERY);
  const lines = more === "" ? [] : more.split("\n");
  for (let at = 0; at < lines.length; at += 2) {
    // One line each: commas stand in a cookie's own text.
    if (lines[at] === "Set-Cookie") headers.append(lines[at], lines[at + 1]);
    else headers.set(lines[at], lines[at + 1]);
  }
  // A cookie is a secret, and comes once.
  if (!headers.has("Set-Cookie")) {
    if (made.size === MOST_MADE) made.clear();
    made.set(more, headers);
  }
  return headers;
}

/** The answer, with further headers as lines, name and value by turns. */
export const respond = (status, body, requestId, more) => {
  const headers = headersWith(more);
  headers.set("X-Request-Id", requestId);
  // Both are copied: `body` is the wasm's own memory, the headers are the next answer's too.
  return new Response(body?.slice(), { status, headers });
};
