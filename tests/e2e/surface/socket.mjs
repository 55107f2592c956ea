// Sends requests as bytes over a socket. So a test can send requests that no HTTP client would
// send.
import { connect } from "node:net";

/**
 * Returns the bytes of a request. The lines `headers` are sent unchanged, even if a header occurs
 * twice. The header Connection is added. Host is added if `headers` does not contain it. If there
 * is a body, Content-Length is added, unless `headers` contains Content-Length or
 * Transfer-Encoding.
 */
export function requestOf(method, path, headers = [], body = "") {
  const bytes = Buffer.from(body);
  const all = [
    ...(headers.some((line) => /^host:/i.test(line)) ? [] : ["Host: 127.0.0.1:8787"]),
    "Connection: close",
    ...headers,
  ];
  if (bytes.length > 0 && !all.some((line) => /^(content-length|transfer-encoding):/i.test(line)))
    all.push(`Content-Length: ${bytes.length}`);
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n`, "latin1"),
    bytes,
  ]);
}

/**
 * Sends the parts in order. Then reads until the server closes the connection. Stops `seconds`
 * after the beginning at the latest. Returns `{ status, headers, names, body, answers }`. `body` is
 * all that follows the first answer's headers, and `answers` is the number of answers. If there is
 * no answer, the status is 0.
 */
export function send(url, parts, { seconds = 20, end = false } = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(parse(text));
    };
    const timer = setTimeout(done, seconds * 1000);
    socket
      .setEncoding("latin1")
      .on("data", (chunk) => (text += chunk))
      .on("end", done)
      .on("close", done)
      .on("error", done);
    socket.on("connect", async () => {
      for (const part of [parts].flat()) {
        await new Promise((written) => socket.write(part, written));
        await new Promise((turn) => setImmediate(turn));
      }
      if (end) socket.end();
    });
  });
}

function parse(text) {
  const [head, ...rest] = text.split("\r\n\r\n");
  const [first, ...lines] = head.split("\r\n");
  const headers = lines
    .map((line) => line.split(/: ?(.*)/s))
    .map(([name, value]) => [name.toLowerCase(), value ?? ""]);
  return {
    status: Number(first.match(/^HTTP\/1\.[01] (\d{3})/)?.[1] ?? 0),
    headers: Object.fromEntries(headers),
    names: headers.map(([name]) => name),
    body: rest.join("\r\n\r\n"),
    answers: (text.match(/(^|\n|\})HTTP\/1\.[01] \d{3} /g) ?? []).length,
  };
}
