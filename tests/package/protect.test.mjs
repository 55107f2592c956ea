// `protect` guards an API. Tests which requests it accepts, how it answers the other requests, and
// the metadata that it offers to clients.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startKeyServer } from "./key-server.mjs";
import { importPackage } from "./package.mjs";
import { newKey, setOf, USER } from "./tokens.mjs";

const RESOURCE = "https://api.example.com/v1";
const key = newKey("1");

const requestWith = (authorization, url = RESOURCE) =>
  new Request(url, authorization === undefined ? {} : { headers: { authorization } });

/**
 * Checks what all rejections have in common. Returns what differs: the status, the error code and
 * the header WWW-Authenticate.
 */
async function seen({ claims, token, response }) {
  assert.deepEqual([claims, token], [null, null]);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const body = await response.json();
  assert.equal(body.status, response.status);
  return [response.status, body.code, response.headers.get("www-authenticate")];
}

/** Starts a service on this machine, and calls `protect` with this service as the issuer. */
async function open(t) {
  const server = await startKeyServer(t, setOf(key));
  const { protect, EdgegateError } = await importPackage(t);
  const issuer = server.origin;
  const token = (claims = {}, header = {}) =>
    key.token({ iss: issuer, aud: RESOURCE, client_id: "app", ...claims }, header);
  const guard = (authorization, options = {}) =>
    protect(requestWith(authorization), { issuer, resource: RESOURCE, ...options });
  return { server, protect, EdgegateError, issuer, token, guard };
}

test("a token for this resource passes, in any case of the scheme", async (t) => {
  const { guard, token } = await open(t);
  const mine = token({ aud: [RESOURCE, "https://auth.example.com/auth/userinfo"] });
  for (const scheme of ["Bearer ", "bearer ", "BEARER   "]) {
    const { claims, response, ...rest } = await guard(`${scheme}${mine}`);
    assert.equal(response, null);
    assert.equal(claims.sub, USER);
    assert.equal(rest.token, mine);
  }
});

test("no token, another scheme, and a header that is malformed", async (t) => {
  const { guard, token } = await open(t);
  for (const none of [undefined, "", "Basic YTpi", `Bearer${token()}`, "DPoP abc"])
    assert.deepEqual(await seen(await guard(none)), [401, "invalid_token", "Bearer"], none);
  for (const bad of ["Bearer", "Bearer ", `Bearer ${token()}, Bearer ${token()}`, "Bearer a b"])
    assert.deepEqual(
      await seen(await guard(bad)),
      [400, "invalid_request", 'Bearer error="invalid_request"'],
      bad,
    );
  assert.deepEqual(await seen(await guard("Bearer x".padEnd(200_000, "x"))), [
    401,
    "invalid_token",
    'Bearer error="invalid_token", error_description="token_too_long"',
  ]);
});

test("a token for something else, and one that is not valid", async (t) => {
  const { guard, token, issuer } = await open(t);
  const tokens = {
    aud_wrong: [
      token({ aud: "edgegate" }),
      token({ aud: "https://api.example.com/v2" }),
      token({ aud: `${RESOURCE}/` }),
      token({ aud: "https://api.example.com" }),
      token({ aud: `${issuer}/auth/userinfo` }),
    ],
    iss_wrong: [token({ iss: "https://attacker.example" })],
    expired: [token({ iat: 1, exp: 2 })],
    typ_wrong: [token({}, { typ: "JWT" })],
    kid_unknown: [token({}, { kid: "2" })],
    signature_invalid: [token().replace(/.{2}$/, (end) => (end === "AA" ? "BA" : "AA"))],
  };
  for (const [reason, all] of Object.entries(tokens))
    for (const one of all)
      assert.deepEqual(await seen(await guard(`Bearer ${one}`)), [
        401,
        "invalid_token",
        `Bearer error="invalid_token", error_description="${reason}"`,
      ]);
});

test("https://host and https://host/ are one resource", async (t) => {
  const { guard, token } = await open(t);
  for (const resource of ["https://mcp.example.com", "https://mcp.example.com/"])
    for (const aud of ["https://mcp.example.com", "https://mcp.example.com/"]) {
      const { response } = await guard(`Bearer ${token({ aud })}`, { resource });
      assert.equal(response, null, `${resource} ${aud}`);
    }
  const { response } = await guard(`Bearer ${token({ aud: "https://mcp.example.com.x/" })}`, {
    resource: "https://mcp.example.com",
  });
  assert.equal(response.status, 401);
});

test("scopes: all of them are needed, and each is compared as a whole", async (t) => {
  const { guard, token } = await open(t);
  const held = token({ scope: "orders.read orders.write" });
  for (const scope of ["", [], "orders.read", "orders.write orders.read", new Set(["orders.read"])])
    assert.equal((await guard(`Bearer ${held}`, { scope })).response, null);
  const missing = (scope) => [
    403,
    "insufficient_scope",
    `Bearer error="insufficient_scope", scope="${scope}"`,
  ];
  for (const scope of ["orders", "orders.read orders.delete", "ORDERS.READ"])
    assert.deepEqual(await seen(await guard(`Bearer ${held}`, { scope })), missing(scope));
  const none = await guard(`Bearer ${token()}`, { scope: ["orders.read"] });
  assert.deepEqual(await seen(none), missing("orders.read"));
  const anonymous = await guard(undefined, { scope: "orders.read" });
  assert.deepEqual(await seen(anonymous), [401, "invalid_token", 'Bearer scope="orders.read"']);
});

test("with metadata, every answer names its address", async (t) => {
  const { guard } = await open(t);
  const at = async (resource) =>
    (await seen(await guard(undefined, { resource, metadata: true })))[2];
  assert.equal(
    await at(RESOURCE),
    'Bearer resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/v1"',
  );
  assert.equal(
    await at("https://mcp.example.com"),
    'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource"',
  );
  assert.equal(await at("urn:example:api"), "Bearer");
});

test("keys that can't be fetched are no fault of the token", async (t) => {
  const { server, guard, token } = await open(t);
  server.answer = (_, response) => response.writeHead(500).end();
  const answer = await guard(`Bearer ${token()}`);
  assert.equal(answer.response.headers.get("retry-after"), "2");
  assert.deepEqual(await seen(answer), [503, "unavailable", null]);
});

test("a fetch of the caller's, one set of keys for each resource, and a bound on their number", async (t) => {
  const { protect, token, issuer } = await open(t);
  let asked = 0;
  const fetch = async () => {
    asked += 1;
    return Response.json(setOf(key));
  };
  const ask = (resource) =>
    protect(requestWith(`Bearer ${token({ aud: resource })}`), { issuer, resource, fetch });
  for (let n = 0; n < 3; n += 1) assert.equal((await ask("https://a.example/1")).response, null);
  assert.equal(asked, 1);
  for (let n = 0; n < 40; n += 1) await ask(`https://a.example/other/${n}`);
  assert.equal(asked, 41);
  await ask("https://a.example/other/39");
  assert.equal(asked, 41);
  await ask("https://a.example/1");
  assert.equal(asked, 42, "the one that was used least recently was dropped");
});

test("mistakes of the program reject, whatever they are", async (t) => {
  const { protect, issuer, EdgegateError } = await open(t);
  const right = { issuer, resource: RESOURCE };
  for (const options of [
    undefined,
    null,
    {},
    { issuer },
    { resource: RESOURCE },
    { ...right, resource: "api" },
    { ...right, resource: "https://api.example.com/#x" },
    { ...right, resource: 'https://api.example.com/"' },
    { ...right, issuer: "https://auth.example.com/path" },
    { ...right, scope: 5 },
    { ...right, scope: [5] },
    { ...right, scope: ['a"b'] },
    { ...right, metadata: "yes" },
    { ...right, fetch: "fetch" },
    { ...right, audience: "api" },
  ])
    await assert.rejects(protect(requestWith("Bearer x"), options), { code: "invalid_argument" });
  for (const request of [undefined, {}, { headers: {} }])
    await assert.rejects(protect(request, right), (/** @type {any} */ error) => {
      assert.ok(error instanceof EdgegateError);
      return error.code === "invalid_argument";
    });
});

test("the metadata of a resource (RFC 9728)", async (t) => {
  const { resourceMetadata } = await importPackage(t);
  const issuer = "https://auth.example.com";
  const response = resourceMetadata({
    ...{ issuer, resource: RESOURCE, scopes: ["orders.read"], name: "Orders" },
    documentation: "https://example.com/docs",
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.deepEqual(await response.json(), {
    resource: RESOURCE,
    authorization_servers: [issuer],
    scopes_supported: ["orders.read"],
    bearer_methods_supported: ["header"],
    resource_name: "Orders",
    resource_documentation: "https://example.com/docs",
  });
  assert.deepEqual(await resourceMetadata({ issuer, resource: RESOURCE }).json(), {
    resource: RESOURCE,
    authorization_servers: [issuer],
    bearer_methods_supported: ["header"],
  });
  for (const wrong of [undefined, {}, { issuer, resource: RESOURCE, scope: [] }])
    assert.throws(() => resourceMetadata(wrong), { code: "invalid_argument" });
});
