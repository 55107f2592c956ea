import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ADA, clientOf, PASSWORD } from "./client.mjs";
import { startWorker } from "./harness.mjs";

let edge, client;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
after(() => edge.stop());

const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };

const isProblem = ({ status, headers, body }, expected, code) => {
  assert.deepEqual([status, body.code], [expected, code]);
  assert.equal(headers.get("content-type"), "application/problem+json");
  assert.equal(body.status, expected);
  assert.equal(body.type, "about:blank");
  assert.ok(body.title && body.detail);
  assert.match(headers.get("x-request-id"), /^[0-9a-f-]{36}$/);
};

test("malformed JSON, wrong types, unknown and repeated members: 400", async () => {
  const bodies = [
    "",
    "{",
    "null",
    "[]",
    '"text"',
    "1",
    "\u{feff}{}",
    `{"email":["${ADA}","evil@example.net"],"password":"x"}`,
    '{"email":{"$ne":null},"password":"x"}',
    '{"email":1,"password":"x"}',
    '{"email":null,"password":"x"}',
    `{"email":"${ADA}","email":"evil@example.net","password":"x"}`,
    `{"email":"${ADA}","password":"x","redirect":"https://evil.example"}`,
    `{"email":"${ADA}","password":"x"} {}`,
    `{"email":"${ADA}","password":"\ud800"}`.replace("\ud800", "\\ud800"),
    `[["email","${ADA}"],["password","${PASSWORD}"]]`,
    `["${ADA}","${PASSWORD}"]`,
    "[".repeat(10_000),
  ];
  for (const path of ["/auth/login", "/auth/register"]) {
    for (const body of bodies) {
      isProblem(await client.post(path, { headers: JSON_TYPE, body }), 400, "invalid_request");
    }
  }
  const notUtf8 = new Uint8Array([
    ...new TextEncoder().encode('{"email":"'),
    0xff,
    0xfe,
    0x22,
    0x7d,
  ]);
  isProblem(
    await client.post("/auth/login", { headers: JSON_TYPE, body: notUtf8 }),
    400,
    "invalid_request",
  );
});

test("a wrong content type: 415", async () => {
  for (const [path, type] of [
    ["/auth/login", "text/plain"],
    ["/auth/login", "application/x-www-form-urlencoded"],
    ["/auth/login", "application/jsonp"],
    ["/auth/register", "multipart/form-data; boundary=x"],
    ["/auth/token", "text/plain"],
    ["/auth/revoke", "multipart/form-data; boundary=x"],
  ]) {
    const answer = await client.post(path, { headers: { "content-type": type }, body: "{}" });
    isProblem(answer, 415, "unsupported_media_type");
  }
});

// RFC 9110 sections 5.3, 8.3 and 8.4, RFC 8259 section 8.1.
test("a repeated content type is one, and a body in another encoding is named", async () => {
  const json = JSON.stringify({ email: ADA, password: PASSWORD });
  for (const type of [
    "application/json, application/json",
    "application/json; charset=utf-8, application/json",
    "application/json;charset=ISO-8859-1",
    "APPLICATION/JSON",
  ]) {
    const headers = { "content-type": type };
    assert.equal((await client.post("/auth/login", { headers, body: json })).status, 200, type);
  }
  for (const type of ["text/plain, application/json", "application/json, text/plain"]) {
    const answer = await client.post("/auth/login", {
      headers: { "content-type": type },
      body: json,
    });
    isProblem(answer, 415, "unsupported_media_type");
  }
  const form = "grant_type=refresh_token&refresh_token=x";
  for (const [path, type, body] of [
    ["/auth/login", "application/json", json],
    ["/auth/token", "application/x-www-form-urlencoded", form],
    ["/auth/token", "application/json", "{}"],
  ]) {
    for (const coding of ["gzip", "br", "deflate", "identity, gzip"]) {
      const answer = await client.post(path, {
        headers: { "content-type": type, "content-encoding": coding },
        body: gzipSync(body),
      });
      isProblem(answer, 415, "unsupported_media_type");
      assert.match(answer.body.detail, /compressed/);
      assert.equal(answer.headers.get("accept-encoding"), "identity");
    }
  }
  const identity = { ...JSON_TYPE, "content-encoding": "identity" };
  assert.equal((await client.post("/auth/login", { headers: identity, body: json })).status, 200);
  for (const [body, cause] of /** @type {[body: string | Buffer, cause: RegExp][]} */ ([
    [`\u{feff}${json}`, /byte order mark/],
    [Buffer.from(json, "utf16le"), /UTF-16/],
    [Buffer.from(json.replace("ada", "\u00e4da"), "latin1"), /UTF-8/],
    [gzipSync(json), /gzip/],
    ["", /empty/],
  ])) {
    const answer = await client.post("/auth/login", { headers: JSON_TYPE, body });
    isProblem(answer, 400, "invalid_request");
    assert.match(answer.body.detail, cause);
  }
});

// RFC 6749 sections 3.1 and 3.2. These sections are about parameters of forms. The service also
// applies their rules to parameters in JSON.
test("an OAuth parameter without a value is left out, an unknown one ignored", async () => {
  const { refresh_token } = await client.logIn(ADA);
  const renewals = { grant_type: "refresh_token", refresh_token };
  for (const more of [
    { client_id: "" },
    { scope: "" },
    { client_id: "", scope: "", client_secret: "", resource: "", unknown: "" },
    { client_id: "edgegate", scope: "openid profile", audience: "x", unknown: "x" },
  ]) {
    for (const send of ["form", "json"]) {
      const { status } = await client.post("/auth/token", { [send]: { ...renewals, ...more } });
      assert.equal(status, 200, `${send} ${JSON.stringify(more)}`);
    }
  }
  for (const more of [
    { client_id: null, scope: null },
    { unknown: [{ a: 1 }], other: null },
  ]) {
    const { status } = await client.post("/auth/token", { json: { ...renewals, ...more } });
    assert.equal(status, 200, JSON.stringify(more));
  }
  for (const [given, status, error] of [
    [{ ...renewals, grant_type: "" }, 400, "invalid_request"],
    [{ ...renewals, refresh_token: "" }, 400, "invalid_request"],
    // A space is a part of the parameter's value, like every printable ASCII character (RFC 6749
    // appendices A.1 and A.17).
    [{ ...renewals, client_id: "edgegate " }, 401, "invalid_client"],
    [{ ...renewals, refresh_token: ` ${refresh_token}` }, 400, "invalid_grant"],
  ]) {
    for (const send of ["form", "json"]) {
      const answer = await client.post("/auth/token", { [send]: given });
      assert.deepEqual([answer.status, answer.body.error], [status, error], JSON.stringify(given));
    }
  }
  const form = new URLSearchParams(renewals).toString();
  for (const twice of [
    `${form}&grant_type=refresh_token`,
    `${form}&grant_type=`,
    `${form}&client_id=&client_id=edgegate`,
    `${form}&client_id=edgegate&client_id=`,
    `${form}&scope=&scope=`,
  ]) {
    const answer = await client.post("/auth/token", { headers: FORM_TYPE, body: twice });
    assert.deepEqual([answer.status, answer.body.error], [400, "invalid_request"], twice);
  }
  // The parameter `resource` is allowed to occur several times (RFC 8707 section 2). The service
  // does not know these two resources, but this is not an error.
  const resources = `${form}&resource=a&resource=b`;
  const answer = await client.post("/auth/token", { headers: FORM_TYPE, body: resources });
  assert.equal(answer.status, 200);
  const token = { token: refresh_token, token_type_hint: "", client_id: "", session_id: "" };
  for (const send of ["json", "form"]) {
    const { status, body } = await client.post("/auth/revoke", { [send]: token });
    assert.deepEqual([status, body], [200, {}], send);
  }
});

test("a missing or overlong field: 422 with its name", async () => {
  for (const [path, json, field, reason] of [
    ["/auth/login", { password: PASSWORD }, "email", "missing"],
    ["/auth/login", { email: ADA }, "password", "missing"],
    ["/auth/login", { email: "a".repeat(255), password: PASSWORD }, "email", "too_long"],
    ["/auth/login", { email: ADA, password: "x".repeat(129) }, "password", "too_long"],
    ["/auth/login", { email: ADA, password: "x".repeat(10_000) }, "password", "too_long"],
    ["/auth/register", { password: PASSWORD }, "email", "missing"],
    [
      "/auth/register",
      { email: `${"a".repeat(300)}@example.com`, password: PASSWORD },
      "email",
      "too_long",
    ],
    [
      "/auth/register",
      { email: "x@example.com", password: PASSWORD, first_name: "x".repeat(101) },
      "first_name",
      "too_long",
    ],
  ]) {
    const answer = await client.post(path, { json });
    isProblem(answer, 422, "invalid_field");
    assert.deepEqual(answer.body.errors, [{ field, reason }]);
  }
});

test("a body over 16 KiB: 413, with and without its length", async () => {
  const body = JSON.stringify({ email: ADA, password: "x".repeat(17_000) });
  for (const path of ["/auth/login", "/auth/token"]) {
    isProblem(await client.post(path, { headers: JSON_TYPE, body }), 413, "payload_too_large");
    // Send more than 16 KiB, but end the body only after the answer has arrived. Otherwise the
    // service might close the connection while the test is still sending.
    let end;
    const answered = new Promise((resolve) => {
      end = resolve;
    });
    let sent = 0;
    const chunked = new ReadableStream({
      async pull(controller) {
        if (sent * 4096 > 16_384) {
          await answered;
          return controller.close();
        }
        controller.enqueue(new Uint8Array(4096).fill(97));
        sent += 1;
      },
    });
    const answer = await edge.fetch(path, {
      method: "POST",
      headers: JSON_TYPE,
      body: chunked,
      duplex: "half",
    });
    end();
    assert.equal(answer.status, 413);
  }
  const most = JSON.stringify({ email: ADA, password: "" });
  const padded = most + " ".repeat(16_384 - most.length);
  assert.equal(
    (await client.post("/auth/login", { headers: JSON_TYPE, body: padded })).status,
    401,
  );
  isProblem(
    await client.post("/auth/login", { headers: JSON_TYPE, body: `${padded} ` }),
    413,
    "payload_too_large",
  );
});

test("a wrong method: 405 with Allow", async () => {
  for (const [method, path, allow] of [
    ["GET", "/auth/login", "POST"],
    ["PUT", "/auth/login", "POST"],
    ["DELETE", "/auth/token", "POST"],
    ["POST", "/auth/me", "GET, HEAD, DELETE"],
    ["GET", "/auth/password/reset", "POST"],
    ["GET", "/auth/email/verify", "POST"],
    ["PUT", "/auth/users", "GET, HEAD, POST"],
    ["POST", "/auth/sessions", "GET, HEAD, DELETE"],
    ["GET", "/auth/sessions/x", "DELETE"],
    ["PUT", "/auth/users/x", "GET, HEAD, PATCH, DELETE"],
    ["GET", "/auth/users/x/revoke", "POST"],
    ["POST", "/.well-known/jwks.json", "GET, HEAD"],
    ["PATCH", "/healthz", "GET, HEAD"],
  ]) {
    const answer = await client.call(method, path);
    isProblem(answer, 405, "method_not_allowed");
    assert.equal(answer.headers.get("allow"), allow);
  }
  const override = await client.get("/auth/login", {
    headers: { "x-http-method-override": "POST" },
  });
  assert.equal(override.status, 405);
});

test("an unknown path, and other spellings of a known one: 404", async () => {
  for (const path of [
    "/auth",
    "/auth/",
    "/auth/nothing",
    "/auth/login/",
    "//auth/login",
    "/auth//login",
    "/AUTH/login",
    "/auth%2flogin",
    "/auth/login%00",
    "/auth/login;x",
    "/auth/users/x/y",
    "/auth/password",
    "/auth/password/reset/",
    "/auth/email",
    "/auth/sessions/x/y",
    "/.well-known/",
    "/healthz/",
    "/dev/outbox",
    "/x",
  ]) {
    const answer = await client.post(`http://127.0.0.1:8787${path}`, {
      json: { email: ADA, password: PASSWORD },
    });
    isProblem(answer, 404, "not_found");
  }
});

test("malformed forms never panic", async () => {
  for (const path of ["/auth/token", "/auth/revoke"]) {
    for (const body of [
      "",
      "&&&",
      "=",
      "%",
      "%zz=%",
      "a=b&a=b",
      "tokens",
      "\u0000",
      "+".repeat(9000),
    ]) {
      const { status } = await client.post(path, { headers: FORM_TYPE, body });
      assert.equal(status, 400, body.slice(0, 20));
    }
    for (const body of [
      "[]",
      "null",
      '{"token":1}',
      '{"token":"a","token":"b"}',
      '{"other":"x"}',
    ]) {
      const answer = await client.post(path, { headers: JSON_TYPE, body });
      assert.deepEqual([answer.status, answer.body.error], [400, "invalid_request"], body);
    }
  }
});

test("HEAD is GET without the body", async () => {
  const head = await client.call("HEAD", "/.well-known/jwks.json");
  assert.deepEqual([head.status, head.body], [200, ""]);
});

test("every answer has the headers that keep it where it belongs", async () => {
  for (const path of ["/healthz", "/auth/me", "/auth/nothing"]) {
    const { headers } = await client.get(path);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(
      headers.get("content-security-policy"),
      "default-src 'none'; frame-ancestors 'none'",
    );
  }
});
