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
// A check needs no more.
const OF_A_CHECK = ["Authorization", "Origin"];
const ALL = [...OF_A_CHECK, "Content-Type", "Content-Length", "Cookie", "Accept-Language", "CF-Connecting-IP", "User-Agent"];

/** What is asked, a line each: an id, the method, the URL, whether there is a body, then headers. No header holds an end of line or NUL. */
export const read = (request) => {
  const { headers, method, url } = request;
  const hasBody = request.body !== null;
  const isCheck = method === "GET" && !hasBody && url.startsWith("/auth/authorized", url.indexOf("/", 8));
  const names = isCheck ? OF_A_CHECK : ALL;
  let text = `${crypto.randomUUID()}\n${method}\n${url}\n${hasBody ? 1 : 0}`;
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
