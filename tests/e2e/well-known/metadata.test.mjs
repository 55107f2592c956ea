import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { clientOf } from "../client.mjs";
import { startWorker } from "../harness.mjs";

let edge, client;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
after(() => edge.stop());

test("the public keys, for anyone to cache", async () => {
  const { status, headers, body } = await client.get("/.well-known/jwks.json");
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "application/jwk-set+json");
  assert.equal(headers.get("cache-control"), "public, max-age=300");
  assert.equal(headers.get("access-control-allow-origin"), "*");
  assert.equal(body.keys.length, 1);
  assert.deepEqual(Object.keys(body.keys[0]).sort(), ["alg", "crv", "kid", "kty", "use", "x"]);
});

test("the metadata of RFC 8414 names routes that exist", async () => {
  const { body } = await client.get("/.well-known/oauth-authorization-server");
  assert.equal(body.issuer, edge.origin);
  assert.deepEqual(body.grant_types_supported, ["authorization_code", "refresh_token"]);
  for (const name of [
    "token_endpoint",
    "revocation_endpoint",
    "jwks_uri",
    "service_documentation",
  ]) {
    assert.notEqual((await client.get(body[name])).status, 404, name);
  }
});

test("the contract is served, as it lies at the root", async () => {
  const { readFileSync } = await import("node:fs");
  const { status, body } = await client.get("/openapi.yaml");
  assert.equal(status, 200);
  assert.equal(body, readFileSync(new URL("../../../openapi.yaml", import.meta.url), "utf8"));
});

test("an answer with a body names its media type, and text its character set", async () => {
  for (const [path, type] of /** @type {[path: string, type: RegExp][]} */ ([
    ["/healthz", /^application\/json$/],
    ["/auth/me", /^application\/problem\+json$/],
    ["/auth/nothing", /^application\/problem\+json$/],
    ["/.well-known/oauth-authorization-server", /^application\/json$/],
    ["/openapi.yaml", /yaml/],
    ["/sign-in", /^text\/html; charset=utf-8$/],
    ["/style.css", /^text\/css; charset=utf-8$/],
    ["/sign-in.js", /^text\/javascript; charset=utf-8$|^application\/javascript$/],
  ])) {
    const { headers } = await edge.fetch(path);
    assert.match(headers.get("content-type") ?? "", type, path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
  }
});

// W3C, A Well-Known URL for Changing Passwords, sections 3 and 4. A password manager first requests
// a path that can't exist. If a service answers 200 even for that path, the password manager does
// not use the service's page for changing the password.
test("a password manager finds the page to change the password", async (t) => {
  const answer = await client.get("/.well-known/change-password");
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("location"), `${edge.origin}/account#change-password`);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.equal((await edge.fetch("/account")).status, 200);
  const probe = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
  for (const path of [probe, `${probe}/`, "/.well-known/change-password/", "/.well-known/"])
    assert.equal((await edge.fetch(path, { redirect: "manual" })).status, 404, path);

  const apart = await startWorker({ vars: { APP_URL: "https://app.example.com/accounts" } });
  t.after(() => apart.stop());
  const elsewhere = await apart.fetch("/.well-known/change-password", { redirect: "manual" });
  assert.equal(
    elsewhere.headers.get("location"),
    "https://app.example.com/accounts/account#change-password",
  );
});
