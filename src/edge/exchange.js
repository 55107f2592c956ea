// A request and its answer, each in one crossing between JavaScript and the wasm: a crossing costs as much as what is done with
// the header that it brings.

const ABSENT = "\0";
// What every answer has.
const EVERY = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=31536000",
  "X-Content-Type-Options": "nosniff",
};
// A GET and a HEAD need less.
const SAFE = ["Authorization", "Origin"];
const ALL = [...SAFE, "Content-Type", "Content-Length", "Cookie", "Accept-Language", "CF-Connecting-IP", "User-Agent"];

/** What is asked, a line each: an id, the method, the URL, whether there is a body, then headers. No header holds an end of line or NUL. */
export const read = (request) => {
  const { headers, method } = request;
  const hasBody = request.body !== null;
  const names = (method === "GET" || method === "HEAD") && !hasBody ? SAFE : ALL;
  let text = `${crypto.randomUUID()}\n${method}\n${request.url}\n${hasBody ? 1 : 0}`;
  for (const name of names) text += `\n${headers.get(name) ?? ABSENT}`;
  return text;
};

/** The answer, with further headers as lines, name and value by turns. */
export const respond = (status, body, requestId, more) => {
  const headers = new Headers(EVERY);
  headers.set("X-Request-Id", requestId);
  if (more !== "") {
    const lines = more.split("\n");
    for (let at = 0; at < lines.length; at += 2) {
      // One line each: commas stand in a cookie's own text.
      if (lines[at] === "Set-Cookie") headers.append(lines[at], lines[at + 1]);
      else headers.set(lines[at], lines[at + 1]);
    }
  }
  return new Response(body, { status, headers });
};
