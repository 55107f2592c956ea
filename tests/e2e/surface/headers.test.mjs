// The security headers of every answer: each operation of openapi.yaml with each kind of error, what is not in it, and the pages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { inRoot } from "../../../scripts/project/root.mjs";
import { count } from "../../count.mjs";
import { ADA, PASSWORD, ROOT, clientOf } from "../client.mjs";
import { startWorker } from "../harness.mjs";

const { paths } = parse(readFileSync(inRoot("openapi.yaml"), "utf8"));
const ID = "019ab7a1-2c00-7101-8101-010101010101";
const operations = Object.entries(paths).flatMap(([path, item]) =>
  Object.keys(item)
    .filter((name) => /^(get|post|patch|delete)$/.test(name))
    .map((name) => ({ method: name.toUpperCase(), path: path.replace(/\{\w+\}/, ID), takesBody: Boolean(item[name].requestBody) })),
);

// The pages' value is the API's.
const [, HSTS] = /^ {2}Strict-Transport-Security: (.+)$/m.exec(readFileSync(inRoot("www/_headers"), "utf8"));

const ALWAYS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": HSTS,
  "x-content-type-options": "nosniff",
};

let edge, client;
const seen = new Map();
before(async () => {
  edge = await startWorker({ vars: { ALLOWED_ORIGINS: "https://app.example.com" } });
  client = clientOf(edge);
});
after(async () => {
  const answers = [...seen.values()].reduce((total, times) => total + times, 0);
  count("security-headers", `security headers on ${answers} answers of ${operations.length} operations, statuses ${[...seen.keys()].sort().join(", ")}`);
  await edge.stop();
});

function check({ status, headers }, where) {
  seen.set(status, (seen.get(status) ?? 0) + 1);
  for (const [name, value] of Object.entries(ALWAYS)) assert.equal(headers.get(name), value, `${where}: ${name}`);
  const isPublic = where.includes("/.well-known/") && status === 200;
  assert.equal(headers.get("cache-control"), isPublic ? "public, max-age=300" : "no-store", where);
  assert.match(headers.get("x-request-id"), /^[0-9a-f-]{36}$/, where);
  for (const name of ["server", "x-powered-by", "via", "x-aspnet-version"]) assert.equal(headers.get(name), null, `${where}: ${name}`);
  const type = headers.get("content-type");
  // JSON is UTF-8 and knows no charset (RFC 8259 section 11); any other text would have to say its own.
  if (type !== null) assert.match(type, /^application\/(problem\+|jwk-set\+)?json$/, where);
}

const ask = async (worker, method, path, init = {}) => {
  const answer = await worker.fetch(path, { method, redirect: "manual", ...init });
  await answer.arrayBuffer();
  check(answer, `${method} ${path} ${answer.status}`);
  return answer.status;
};

test("every operation, refused in every way and accepted", async () => {
  const json = { "content-type": "application/json" };
  const tokens = [await client.logIn(ADA), await client.logIn(ROOT)].map(({ access_token }) => `Bearer ${access_token}`);
  // Those that end a session come last.
  const calm = operations.toSorted((a, b) => (a.method === "DELETE" || /revoke/.test(a.path) ? 1 : 0) - (b.method === "DELETE" || /revoke/.test(b.path) ? 1 : 0));
  for (const { method, path, takesBody } of calm) {
    const bodies = takesBody
      ? [{}, { headers: json }, { headers: json, body: "{" }, { headers: json, body: "{}" }, { headers: { "content-type": "text/plain" }, body: "x" }, { headers: json, body: "x".repeat(17_000) }]
      : [{}];
    for (const init of bodies) {
      await ask(edge, method, path, init);
      for (const authorization of tokens) await ask(edge, method, path, { ...init, headers: { ...init.headers, authorization } });
    }
    for (const origin of ["https://app.example.com", "https://evil.example"]) {
      await ask(edge, method, path, { headers: { origin } });
      await ask(edge, "OPTIONS", path, { headers: { origin, "access-control-request-method": method } });
    }
    assert.equal(await ask(edge, "PUT", path), 405);
    assert.equal(await ask(edge, method, `${path}/x/y/nothing`), 404);
    if (method === "GET") await ask(edge, "HEAD", path);
  }
  await ask(edge, "GET", "/auth/authorized?role=user", { headers: { authorization: `Bearer ${(await client.logIn(ADA)).access_token}` } });
  await ask(edge, "POST", "/auth/password/reset", { headers: json, body: JSON.stringify({ email: ADA }) });
  await ask(edge, "POST", "/auth/login", { headers: { ...json, origin: edge.origin }, body: JSON.stringify({ email: ADA, password: PASSWORD, cookie: true }) });
  assert.equal(await ask(edge, "GET", "/dev/outbox", { headers: { accept: "text/html" } }), 302);
  assert.equal(await ask(edge, "GET", "/dev/outbox"), 200);
});

test("a store that fails, and a wrong configuration", async (t) => {
  await edge.db.prepare("ALTER TABLE users RENAME TO gone").run();
  assert.equal(await ask(edge, "GET", "/healthz"), 503);
  await edge.db.prepare("ALTER TABLE gone RENAME TO users").run();
  const wrong = await startWorker({ secrets: { SIGNING_KEYS: undefined } });
  t.after(() => wrong.stop());
  for (const { method, path } of operations) assert.equal(await ask(wrong, method, path), 500);
});

test("the pages and files: theirs are in www/_headers", async () => {
  for (const path of ["/", "/sign-in", "/register", "/account", "/console", "/forgot-password", "/reset-password", "/verify-email", "/confirm-email", "/outbox", "/openapi.yaml", "/edgegate/web.js"]) {
    const { status, headers } = await edge.fetch(path);
    assert.equal(status, 200, path);
    assert.equal(headers.get("x-request-id"), null, path);
    seen.set(status, seen.get(status) + 1);
    assert.match(headers.get("content-security-policy"), /^default-src 'none';.*frame-ancestors 'none'/, path);
    assert.equal(headers.get("x-frame-options"), "DENY");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("strict-transport-security"), HSTS, path);
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
    assert.equal(headers.get("cross-origin-resource-policy"), path === "/openapi.yaml" ? "cross-origin" : "same-origin");
    assert.ok(headers.get("permissions-policy"));
    if (/^text\//.test(headers.get("content-type"))) assert.match(headers.get("content-type"), /charset=utf-8/, path);
  }
});
