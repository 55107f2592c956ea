// Client libraries by other authors must work with the service. The tests use these libraries
// unchanged, as they are published on npm.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createRemoteJWKSet, customFetch as joseFetch, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { ADA, clientOf } from "./client.mjs";
import { startWorker } from "./harness.mjs";

let edge, client;
before(async () => {
  edge = await startWorker({ vars: { ROTATE_AFTER: "0" } });
  client = clientOf(edge);
});
after(() => edge.stop());

const viaWorker = (url, init) => edge.fetch(url, init);

test("jose verifies our access token through our JWKS", async () => {
  const { access_token, user } = await client.logIn(ADA);
  const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", edge.origin), {
    [joseFetch]: viaWorker,
  });
  const options = {
    issuer: edge.origin,
    audience: "edgegate",
    typ: "at+jwt",
    algorithms: ["EdDSA"],
  };
  const { payload, protectedHeader } = await jwtVerify(access_token, keys, options);
  assert.equal(protectedHeader.alg, "EdDSA");
  assert.equal(payload.sub, user.id);
  assert.equal(payload.client_id, "edgegate");
  assert.deepEqual([payload.roles, payload.email, payload.email_verified], [["user"], ADA, true]);
  assert.equal(payload.exp - payload.iat, 600);
  for (const claim of ["auth_time", "jti", "sid", "ver"]) assert.ok(claim in payload, claim);
  await assert.rejects(jwtVerify(access_token, keys, { ...options, audience: "another" }), {
    code: "ERR_JWT_CLAIM_VALIDATION_FAILED",
  });
});

test("jose verifies ES256, and our checks take HS256, by the key that signs", async (t) => {
  const { generateKeyPair, exportJWK } = await import("jose");
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const es256 = { ...(await exportJWK(privateKey)), kid: "es" };
  for (const [key, alg] of [
    [es256, "ES256"],
    [
      {
        kty: "oct",
        kid: "hs",
        k: Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString("base64url"),
      },
      "HS256",
    ],
  ]) {
    const other = await startWorker({ secrets: { SIGNING_KEYS: JSON.stringify({ keys: [key] }) } });
    t.after(() => other.stop());
    const { access_token } = await clientOf(other).logIn(ADA);
    assert.equal(
      JSON.parse(Buffer.from(access_token.split(".")[0], "base64url").toString()).alg,
      alg,
    );
    assert.equal((await clientOf(other).authorized({ role: "user" }, access_token)).status, 200);
    const { body: jwks } = await clientOf(other).get("/.well-known/jwks.json");
    assert.ok(!JSON.stringify(jwks).includes('"d"') && !JSON.stringify(jwks).includes('"k"'));
    if (alg === "ES256") {
      const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", other.origin), {
        [joseFetch]: /** @type {import("jose").FetchImplementation} */ (
          /** @type {unknown} */ ((url, init) => other.fetch(url, init))
        ),
      });
      await jwtVerify(access_token, keys, {
        issuer: other.origin,
        audience: "edgegate",
        typ: "at+jwt",
      });
    } else {
      assert.deepEqual(jwks, { keys: [] });
    }
  }
});

test("oauth4webapi discovers, validates, renews and revokes", async () => {
  const options = { [oauth.customFetch]: viaWorker, [oauth.allowInsecureRequests]: true };
  const issuer = new URL(edge.origin);
  const discovered = await oauth.discoveryRequest(issuer, { ...options, algorithm: "oauth2" });
  const server = await oauth.processDiscoveryResponse(issuer, discovered);
  const us = { client_id: "edgegate" };

  const login = await client.logIn(ADA);
  const request = new Request(new URL("/api", issuer), {
    headers: { authorization: `Bearer ${login.access_token}` },
  });
  const claims = await oauth.validateJwtAccessToken(server, request, "edgegate", options);
  assert.equal(claims.sub, login.user.id);

  const answer = await oauth.refreshTokenGrantRequest(
    server,
    us,
    oauth.None(),
    login.refresh_token,
    options,
  );
  const renewed = await oauth.processRefreshTokenResponse(server, us, answer);
  assert.equal(renewed.token_type, "bearer");
  assert.notEqual(renewed.refresh_token, login.refresh_token);

  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, us, oauth.None(), renewed.refresh_token ?? "", options),
  );
  const refused = await oauth.refreshTokenGrantRequest(
    server,
    us,
    oauth.None(),
    renewed.refresh_token ?? "",
    options,
  );
  await assert.rejects(oauth.processRefreshTokenResponse(server, us, refused), {
    error: "invalid_grant",
    status: 400,
  });
});
