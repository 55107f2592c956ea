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
  assert.deepEqual(body.grant_types_supported, ["refresh_token"]);
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
  for (const [path, type] of [
    ["/healthz", /^application\/json$/],
    ["/auth/me", /^application\/problem\+json$/],
    ["/auth/nothing", /^application\/problem\+json$/],
    ["/.well-known/oauth-authorization-server", /^application\/json$/],
    ["/openapi.yaml", /yaml/],
    ["/sign-in", /^text\/html; charset=utf-8$/],
    ["/style.css", /^text\/css; charset=utf-8$/],
    ["/sign-in.js", /^text\/javascript; charset=utf-8$|^application\/javascript$/],
  ]) {
    const { headers } = await edge.fetch(path);
    assert.match(headers.get("content-type") ?? "", type, path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
  }
});
