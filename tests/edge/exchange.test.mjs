// src/edge/exchange.js passes a request to the wasm, and makes a response from the wasm's answer.
// This module can be tested in Node, because Node has the platform APIs that the module needs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isCheck, read, respond } from "../../src/edge/exchange.js";

const linesOf = (request, buffer = new Uint8Array(8192)) =>
  new TextDecoder().decode(buffer.subarray(0, read(request, buffer))).split("\n");

test("a check brings the two headers that it needs, anything else all of them", () => {
  const headers = { authorization: "Bearer a.b.c", "user-agent": "example/1", cookie: "a=b" };
  const check = linesOf(
    new Request("https://auth.example.com/auth/authorized?role=user", { headers }),
  );
  assert.match(check[0], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(check.slice(1), [
    "GET",
    "https://auth.example.com/auth/authorized?role=user",
    "0",
    "Bearer a.b.c",
    "\0",
  ]);
  // When a proxy asks whether a client's request is allowed, its question can have the method and
  // the body of the client's request.
  const asked = linesOf(
    new Request("https://auth.example.com/auth/authorized?role=user", {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: "{}",
    }),
  );
  assert.deepEqual(asked.slice(1), ["POST", ...check.slice(2)]);
  const login = linesOf(
    new Request("https://auth.example.com/auth/login", {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: "{}",
    }),
  );
  assert.deepEqual(login.slice(1), [
    "POST",
    "https://auth.example.com/auth/login",
    "1",
    "Bearer a.b.c",
    "\0",
    "application/json",
    "\0",
    "\0",
    "a=b",
    "\0",
    "\0",
    "example/1",
    "\0",
    "\0",
    "\0",
  ]);
});

test("a request that is too long for the buffer says how much room it needs, and then fits", () => {
  const request = new Request("https://auth.example.com/auth/authorized", {
    headers: { authorization: `Bearer ${"\u00e9".repeat(3_000)}` },
  });
  const small = new Uint8Array(1_024);
  const needed = read(request, small);
  assert.ok(needed > small.length);
  assert.ok(
    small.every((byte) => byte === 0),
    "nothing was written",
  );
  assert.equal(linesOf(request, new Uint8Array(needed))[4], `Bearer ${"\u00e9".repeat(3_000)}`);
});

test("each answer has its own id and its own body, whatever is answered next", async () => {
  const first = respond(200, "first", "id-1", "Content-Type\napplication/json");
  const second = respond(401, "zwölf", "id-2", "Content-Type\napplication/json");
  assert.deepEqual(
    [first, second].map(({ headers }) => headers.get("x-request-id")),
    ["id-1", "id-2"],
  );
  assert.deepEqual(
    [first.status, second.status, await first.text(), await second.text()],
    [200, 401, "first", "zwölf"],
  );
  for (const { headers } of [first, second]) {
    assert.equal(headers.get("content-type"), "application/json");
    assert.equal(headers.get("cache-control"), "no-store");
  }
});

test("a check is known by its whole path", () => {
  const origin = "https://auth.example.com";
  for (const path of ["/auth/authorized", "/auth/authorized?", "/auth/authorized?role=user&x=/"])
    assert.equal(isCheck(origin + path), true, path);
  for (const path of [
    "",
    "/",
    "/auth/authorizedx",
    "/auth/authorized/",
    "/auth",
    "//auth/authorized",
    "/sign-in?/auth/authorized",
    "/sign-in#/auth/authorized",
  ])
    assert.equal(isCheck(origin + path), false, path);
});

test("no header of one answer appears in another", () => {
  const cookie = respond(
    200,
    undefined,
    "id-3",
    "Set-Cookie\n__Host-edgegate=secret, a; Path=/\nSet-Cookie\nb=c",
  );
  assert.deepEqual(cookie.headers.getSetCookie(), ["__Host-edgegate=secret, a; Path=/", "b=c"]);
  for (const more of ["", "Retry-After\n2"])
    assert.deepEqual(respond(200, undefined, "id-4", more).headers.getSetCookie(), []);
  assert.equal(
    respond(200, undefined, "id-5", "Cache-Control\npublic, max-age=300").headers.get(
      "cache-control",
    ),
    "public, max-age=300",
  );
  assert.equal(respond(200, undefined, "id-6", "").headers.get("cache-control"), "no-store");
  // `respond` caches headers. This test sends more different headers than the cache can hold.
  for (let n = 0; n < 200; n++)
    assert.equal(
      respond(429, undefined, `id-${n}`, `Retry-After\n${n}`).headers.get("retry-after"),
      String(n),
    );
  assert.equal(respond(204, undefined, "id-7", "").headers.get("retry-after"), null);
});

test("browsers are told once and for all to use HTTPS, by the Worker and by the pages", () => {
  const [, ofPages] =
    /^ {2}Strict-Transport-Security: (.+)$/m.exec(
      readFileSync(new URL("../../www/_headers", import.meta.url), "utf8"),
    ) ?? [];
  assert.match(ofPages, /^max-age=31536000; includeSubDomains$/);
  for (const more of ["", "Retry-After\n2", "Set-Cookie\na=b"]) {
    const { headers } = respond(200, undefined, "id-8", more);
    assert.equal(headers.get("strict-transport-security"), ofPages);
  }
});
