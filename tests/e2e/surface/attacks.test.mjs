// Attacks on HTTP itself. The test sends them as bytes over a socket. No attack begins a session.
// The answer is never a 500, except from the runtime itself and for a wrong Host. One of the tests
// also checks that no answer repeats the attacker's input.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { count } from "../../count.mjs";
import { ADA, clientOf, PASSWORD } from "../client.mjs";
import { mailTo } from "../outbox.mjs";
import { startWorkers } from "../workers.mjs";
import { requestOf, send } from "./socket.mjs";

let edge,
  stop,
  client,
  tried = 0;
before(async () => {
  ({
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { ALLOWED_ORIGINS: "https://app.example.com" } }]));
  client = clientOf(edge);
  await client.logIn(ADA);
});
after(async () => {
  count("surface-attacks", `${tried} attacks on HTTP itself over a socket, none with effect`);
  await stop?.();
});

const JSON_TYPE = "Content-Type: application/json";
const CREDENTIALS = JSON.stringify({ email: ADA, password: PASSWORD });
const attack = (parts, options) => {
  tried++;
  return send(edge.url, parts, options);
};
const post = (path, headers, body) => attack(requestOf("POST", path, headers, body));
/**
 * Checks that the request was rejected, that no session began and that nothing broke. A status of 0
 * means that there was no answer before the connection was closed.
 */
const refused = ({ status, body, headers }, why, allowed) => {
  assert.ok(
    allowed ? allowed.includes(status) : status === 0 || (status >= 400 && status < 500),
    `${why}: ${status} ${body.slice(0, 200)}`,
  );
  assert.ok(!body.includes("access_token") && !headers["set-cookie"], `${why}: a session`);
};
const stillWorks = async () => assert.equal((await client.get("/healthz")).status, 200);

test("a control: the same bytes, well formed, sign in; in many pieces, too", async () => {
  const good = requestOf("POST", "/auth/login", [JSON_TYPE], CREDENTIALS);
  assert.equal((await send(edge.url, good)).status, 200);
  assert.equal(
    (
      await send(
        edge.url,
        [...good].map((byte) => Buffer.from([byte])),
      )
    ).status,
    200,
  );
  const chunked = requestOf("POST", "/auth/login", [JSON_TYPE, "Transfer-Encoding: chunked"]);
  const body = `${CREDENTIALS.length.toString(16)}\r\n${CREDENTIALS}\r\n0\r\n\r\n`;
  assert.equal((await send(edge.url, [chunked, body])).status, 200);
});

test("bodies that never end or break off get nothing, and hold up nobody", async () => {
  const begun = (length, body) => [
    requestOf("POST", "/auth/login", [JSON_TYPE, `Content-Length: ${length}`]),
    body,
  ];
  const hanging = Array.from({ length: 20 }, () =>
    attack(begun(CREDENTIALS.length, CREDENTIALS.slice(0, -1)), { seconds: 2 }),
  );
  // While these incomplete requests wait, the service answers other requests.
  await client.logIn(ADA);
  for (const answer of await Promise.all(hanging)) assert.equal(answer.status, 0);
  for (const parts of [
    begun(CREDENTIALS.length + 1, CREDENTIALS),
    begun(5, ""),
    [requestOf("POST", "/auth/login", [JSON_TYPE, "Transfer-Encoding: chunked"]), "ff\r\n{"],
  ]) {
    refused(await attack(parts, { end: true, seconds: 5 }), "broken off");
  }
  await stillWorks();
});

test("bodies that are too large are refused at their length, or where they pass it", async () => {
  const declared = await attack(
    requestOf("POST", "/auth/login", [JSON_TYPE, "Content-Length: 99999999"]),
    { seconds: 10 },
  );
  refused(declared, "declared", [413]);
  const chunk = `1000\r\n${" ".repeat(4096)}\r\n`;
  // The body of this request never ends. The Worker still answers, so it does not wait for the end
  // of the body.
  refused(
    await attack(
      [
        requestOf("POST", "/auth/login", [JSON_TYPE, "Transfer-Encoding: chunked"]),
        ...Array(8).fill(chunk),
      ],
      { seconds: 10 },
    ),
    "chunked",
    [413],
  );
  for (const length of ["18446744073709551616", "-1", "1e3", "0x10", "+5", "5, 6", "5 5"]) {
    refused(
      await attack(
        [requestOf("POST", "/auth/login", [JSON_TYPE, `Content-Length: ${length}`]), "{}"],
        { seconds: 5, end: true },
      ),
      `Content-Length: ${length}`,
    );
  }
  await stillWorks();
});

test("two lengths, or a length and chunks: no second request is smuggled", async () => {
  const inner = "GET /auth/me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  for (const headers of [
    [`Content-Length: 0`, `Content-Length: ${inner.length}`],
    ["Transfer-Encoding: chunked", `Content-Length: ${inner.length + 5}`],
    [`Content-Length: ${inner.length + 5}`, "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: xchunked"],
    ["Transfer-Encoding: chunked, identity"],
    ["Transfer-Encoding : chunked"],
    ["Transfer-Encoding: identity", "Transfer-Encoding: chunked"],
  ]) {
    const answer = await attack(
      [requestOf("POST", "/auth/login", [JSON_TYPE, ...headers]), `0\r\n\r\n${inner}`],
      { end: true, seconds: 5 },
    );
    refused(answer, headers.join());
    assert.ok(answer.answers <= 1, `${headers}: ${answer.answers} answers`);
  }
});

test("two headers that are refused alone are not accepted together", async () => {
  const { access_token } = await client.logIn(ADA);
  const bearer = `Authorization: Bearer ${access_token}`;
  assert.equal((await send(edge.url, requestOf("GET", "/auth/me", [bearer]))).status, 200);
  for (const headers of [
    [bearer, "Authorization: Bearer x"],
    ["Authorization: Bearer x", bearer],
    [bearer, bearer],
    [`Authorization: Basic x, Bearer ${access_token}`],
    [`Authorization: Bearer\t${access_token}`],
    [`Authorization: Bearer ${access_token} x`],
    [`Authorization: Bearer ${access_token},x`],
    [`X-Authorization: Bearer ${access_token}`],
    [`Cookie: access_token=${access_token}`],
  ]) {
    refused(
      await attack(requestOf("GET", "/auth/me", headers)),
      headers.map((line) => line.slice(0, 30)).join(),
      [401],
    );
  }
  refused(
    await attack(requestOf("GET", `/auth/me?access_token=${access_token}`)),
    "in the query",
    [401],
  );
  refused(
    await post("/auth/login", [JSON_TYPE, "Content-Type: text/plain"], CREDENTIALS),
    "two types",
    [415],
  );
  refused(
    await post("/auth/login", ["Content-Type: text/plain", JSON_TYPE], CREDENTIALS),
    "two types",
    [415],
  );
  const twice = await post(
    "/auth/login",
    [JSON_TYPE, "Origin: https://app.example.com", "Origin: https://evil.example"],
    JSON.stringify({ ...JSON.parse(CREDENTIALS), cookie: true }),
  );
  refused(twice, "two origins");
  assert.equal(twice.headers["access-control-allow-origin"], undefined);
});

test("a body is JSON in UTF-8, said to be JSON, or it is refused", async () => {
  for (const type of [
    null,
    "",
    "text/plain",
    "text/json",
    "application/json+x",
    "application/problem+json",
    "application/x-json",
    "multipart/form-data; boundary=x",
    "*/*",
    "application/json, text/plain",
    "text/plain; application/json",
    '"application/json"',
    "application\\json",
  ]) {
    refused(
      await post("/auth/login", type === null ? [] : [`Content-Type: ${type}`], CREDENTIALS),
      `${type}`,
      [415],
    );
  }
  for (const type of [
    "APPLICATION/JSON",
    "application/json;charset=utf-8",
    "application/json ; x=y",
  ]) {
    assert.equal(
      (
        await send(
          edge.url,
          requestOf("POST", "/auth/login", [`Content-Type: ${type}`], CREDENTIALS),
        )
      ).status,
      200,
      type,
    );
  }
  const utf16 = Buffer.from(CREDENTIALS, "utf16le");
  const deep = 8_000;
  for (const [why, body] of [
    ["a BOM", `\u{feff}${CREDENTIALS}`],
    ["UTF-16", utf16],
    ["UTF-16 with a BOM", Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])],
    ["overlong UTF-8", Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
    ["a surrogate in UTF-8", Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
    ["a lone surrogate", '{"email":"\\ud800","password":"x"}'],
    ["a name with a lone surrogate", '{"\\udc00":1}'],
    ["NUL", `${CREDENTIALS}\0`],
    ["an escaped member twice", `{"email":"${ADA}","\\u0065mail":"x","password":"${PASSWORD}"}`],
    ["deep lists", "[".repeat(deep) + "]".repeat(deep)],
    ["deep objects", '{"a":'.repeat(3_000)],
    ["a deep member", `{"email":${"[".repeat(deep)}`],
    ["a huge number", `{"email":${"9".repeat(10_000)},"password":"x"}`],
    ["a huge exponent", '{"email":1e999999999,"password":"x"}'],
    ["many members", `{${Array.from({ length: 1_400 }, (_, i) => `"a${i}":1`).join()}}`],
    ["__proto__", `{"__proto__":{"email":"${ADA}"},"password":"${PASSWORD}"}`],
    ["gzip", gzipSync(CREDENTIALS)],
  ]) {
    refused(await post("/auth/login", [JSON_TYPE], body), why, [400]);
  }
  const bomb = gzipSync(Buffer.alloc(10_000_000, 32));
  for (const [encoding, body] of [
    ["gzip", gzipSync(CREDENTIALS)],
    ["gzip", bomb],
    ["gzip, gzip", gzipSync(bomb)],
    ["br", bomb],
    ["deflate", bomb],
    ["x", "{"],
  ]) {
    refused(
      await post("/auth/login", [JSON_TYPE, `Content-Encoding: ${encoding}`], body),
      encoding,
      [400, 413, 415],
    );
  }
  await stillWorks();
});

test("a path has one spelling: others are other paths, and never a way in", async () => {
  const { access_token } = await client.logIn(ADA);
  // The platform resolves dot segments and backslashes before the Worker gets the path. So each of
  // these paths can lead to the login.
  const same = [
    "/auth/../auth/login",
    "/auth/./login",
    "/x/../auth/login",
    "/auth\\login",
    "/%2e%2e/auth/login",
    "/auth/%2E/login",
  ];
  for (const path of same) {
    const { status } = await post(
      path,
      [JSON_TYPE],
      JSON.stringify({ email: ADA, password: "nothing she chose" }),
    );
    assert.ok([401, 404].includes(status), `${path}: ${status}`);
  }
  for (const path of [
    "//auth/login",
    "///auth/login",
    "/auth/login/",
    "/auth/%6cogin",
    "/auth%2flogin",
    "/auth/login%2f",
    "/auth/login;a=b",
    "/auth/login.",
    "/Auth/login",
    "/auth/LOGIN",
    "/auth/login%00",
    "/auth/login%20",
    "/auth/login%3f",
    "/auth/login%23",
    "/auth/log%69n",
    "/auth/login%0d%0aX: y",
    "/auth/\u00efogin",
  ]) {
    refused(await post(path, [JSON_TYPE], CREDENTIALS), path, [0, 400, 404]);
  }
  for (const path of [
    "//auth/me",
    "/auth//me",
    "/auth/me/",
    "/auth/%6de",
    "/auth/me;a=b",
    "/auth/me%00",
    "/AUTH/me",
    "/auth/me.json",
  ]) {
    refused(
      await attack(requestOf("GET", path, [`Authorization: Bearer ${access_token}`])),
      path,
      [404],
    );
  }
});

test("a method is the method of the request line", async () => {
  for (const headers of [
    ["X-HTTP-Method-Override: POST"],
    ["X-HTTP-Method: POST"],
    ["X-Method-Override: POST"],
  ]) {
    refused(
      await attack(requestOf("GET", "/auth/login", [JSON_TYPE, ...headers])),
      headers[0],
      [405],
    );
  }
  refused(await attack(requestOf("GET", "/auth/login?_method=POST")), "_method", [405]);
  const { access_token } = await client.logIn(ADA);
  const bearer = `Authorization: Bearer ${access_token}`;
  refused(
    await attack(
      requestOf(
        "POST",
        "/auth/me?_method=DELETE",
        [bearer, JSON_TYPE, "X-HTTP-Method-Override: DELETE"],
        JSON.stringify({ current_password: PASSWORD }),
      ),
    ),
    "override",
    [405],
  );
  for (const method of ["PUT", "TRACE", "OPTIONS", "PROPFIND", "QUERY"]) {
    const answer = await attack(requestOf(method, "/auth/login"));
    refused(answer, method, [0, 400, 405, 501]);
    if (answer.status === 405) assert.equal(answer.headers.allow, "POST");
  }
  for (const method of ["post", "POST\u00e9", "PO ST", "FOO"])
    refused(
      await attack(requestOf(method, "/auth/login", [JSON_TYPE], CREDENTIALS), { seconds: 5 }),
      method,
      [0, 400, 405, 501],
    );
  // The runtime itself rejects this request, so the Worker never gets it.
  const connect = await attack(requestOf("CONNECT", "127.0.0.1:80"), { seconds: 3 });
  refused(connect, "CONNECT", [0, 400, 405, 500, 501]);
  if (connect.status === 500) assert.equal(connect.headers["x-request-id"], undefined);
  const head = await attack(requestOf("HEAD", "/auth/me", [bearer]));
  assert.deepEqual([head.status, head.body], [200, ""]);
  assert.equal((await client.get("/auth/me", { token: access_token })).status, 200);
});

test("no header steers a link, the issuer, a redirect or who may read; and none is echoed", async () => {
  const forged = [
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
    "Forwarded: host=evil.example;proto=https",
    "X-Original-URL: /auth/me",
    "X-Rewrite-URL: /auth/me",
    "X-Host: evil.example",
    "X-Forwarded-Server: evil.example",
    "X-Forwarded-Prefix: /evil",
  ];
  const isClean = (answer, why) => assert.ok(!JSON.stringify(answer).includes("evil"), why);
  const metadata = await attack(
    requestOf("GET", "/.well-known/oauth-authorization-server", forged),
  );
  isClean(metadata, "metadata");
  assert.match(metadata.body, /"issuer":"http:\/\/127\.0\.0\.1:8787"/);
  const outbox = await attack(requestOf("GET", "/dev/outbox", ["Accept: text/html", ...forged]));
  assert.deepEqual([outbox.status, outbox.headers.location], [302, "/outbox"]);
  const asked = await post(
    "/auth/password/reset",
    [JSON_TYPE, ...forged],
    JSON.stringify({ email: ADA }),
  );
  assert.equal(asked.status, 202);
  const mail = await mailTo(edge, ADA);
  isClean(mail, "the mail");
  assert.ok(
    mail.text.includes("http://127.0.0.1:8787/reset-password#"),
    "the link leads to the issuer",
  );
  // If the issuer is a loopback address, the Worker rejects requests for any other host. This
  // protects a deployment that uses the configuration of local development by mistake.
  for (const headers of [
    ["Host: evil.example"],
    ["Host: 127.0.0.1.evil.example"],
    ["Host: localhost@evil.example"],
    ["Host: evil.example", "X-Forwarded-Host: 127.0.0.1"],
  ]) {
    const answer = await post(
      "/auth/password/reset",
      [JSON_TYPE, ...headers],
      JSON.stringify({ email: ADA }),
    );
    assert.ok([0, 400, 500].includes(answer.status), `${headers}: ${answer.status}`);
    if (answer.status === 500) assert.equal(JSON.parse(answer.body).code, "misconfigured");
    isClean(answer, headers.join());
  }
  // The runtime itself rejects this request, so the Worker never gets it.
  const hosts = await attack(
    requestOf("GET", "/auth/me", ["Host: 127.0.0.1", "Host: evil.example"]),
    { seconds: 5 },
  );
  refused(hosts, "two hosts", [0, 400, 500]);
  assert.equal(hosts.headers["x-request-id"], undefined);
  for (const [path, headers] of /** @type {[path: string, headers: string[]][]} */ ([
    ["/auth/evil%0d%0aSet-Cookie:%20edgegate=x", []],
    ["/auth/me?evil=%0d%0aX-Evil:%20y", []],
    ["/auth/me", ["Origin: https://evil.example"]],
    ["/auth/me", ["X-Request-Id: evil"]],
    ["/auth/me", ["Authorization: Bearer evil"]],
  ])) {
    const answer = await attack(requestOf("GET", path, headers));
    refused(answer, path, [401, 404]);
    isClean(answer, path);
  }
  const member = await post(
    "/auth/login",
    [JSON_TYPE],
    JSON.stringify({ "e\r\nSet-Cookie: a=b<script>": 1 }),
  );
  refused(member, "a member", [400]);
  assert.ok(!member.names.includes("set-cookie"));
});

test("the client's address is the platform's, whatever X-Forwarded-For says", async () => {
  const { workers, stop: end } = await startWorkers([{ vars: { LIMITS: "on" } }]);
  try {
    const ask = (i) =>
      send(
        workers[0].url,
        requestOf(
          "POST",
          "/auth/login",
          [
            JSON_TYPE,
            `X-Forwarded-For: 203.0.113.${i}`,
            `X-Real-IP: 203.0.113.${i}`,
            `True-Client-IP: 203.0.113.${i}`,
            `Forwarded: for=203.0.113.${i}`,
          ],
          JSON.stringify({ email: ADA, password: "nothing she chose" }),
        ),
      );
    const statuses = [];
    // The limit is 10 requests a minute. If a new minute begins during the loop, 20 requests are
    // allowed. The 21st must be rejected.
    while (statuses.length < 21 && statuses.at(-1) !== 429)
      statuses.push((await ask(statuses.length)).status);
    assert.equal(statuses.at(-1), 429, `${statuses}`);
    // Count the whole loop as one attempt, because the number of its requests depends on when the
    // minute ended.
    tried++;
  } finally {
    await end();
  }
});
