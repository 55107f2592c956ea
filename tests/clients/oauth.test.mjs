// Programs with OAuth libraries by other authors renew and end a session of the running service.
// The programs use the libraries as the documentation of these libraries shows. The programs have
// no client secret, and the service has no password grant. Therefore each session begins with a
// request to /auth/login. tests/e2e/clients.test.mjs tests oauth4webapi and jose.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { packages, python } from "../../scripts/setup/clients.mjs";
import { setUp } from "../../scripts/setup/index.mjs";
import { startEdgegate } from "../browser/edgegate.mjs";
import { ACCOUNTS } from "./scenario.mjs";

const from = createRequire(import.meta.url);
const { ADA, PASSWORD } = ACCOUNTS;

let edge;
before(async () => {
  await setUp([packages, python]);
  edge = await startEdgegate({ vars: { LIMITS: "off", ROTATE_AFTER: "0" } });
});
after(() => edge?.stop());

const login = async () =>
  (await edge.post("/auth/login", { email: ADA, password: PASSWORD })).json();
const me = async (token) =>
  (await fetch(`${edge.origin}/auth/me`, { headers: { Authorization: `Bearer ${token}` } })).json();

test("openid-client discovers, renews and revokes", async () => {
  const client = await import(from.resolve("openid-client"));
  const config = await client.discovery(
    new URL(edge.origin),
    "edgegate",
    undefined,
    client.None(),
    { algorithm: "oauth2", execute: [client.allowInsecureRequests] },
  );
  const begun = await login();
  const renewed = await client.refreshTokenGrant(config, begun.refresh_token);
  assert.equal((await me(renewed.access_token)).email, ADA);
  assert.notEqual(renewed.refresh_token, begun.refresh_token);
  assert.equal(renewed.expiresIn() > 500, true);
  const answer = await client.fetchProtectedResource(
    config,
    renewed.access_token,
    new URL(`${edge.origin}/auth/me`),
    "GET",
  );
  assert.equal(answer.status, 200);
  await client.tokenRevocation(config, renewed.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token), {
    error: "invalid_grant",
    status: 400,
  });
});

test("simple-oauth2 renews and revokes", async () => {
  const { ResourceOwnerPassword } = from("simple-oauth2");
  const oauth2 = new ResourceOwnerPassword({
    client: { id: "edgegate", secret: "" },
    auth: { tokenHost: edge.origin, tokenPath: "/auth/token", revokePath: "/auth/revoke" },
    options: { authorizationMethod: "body" },
  });
  const stored = oauth2.createToken(await login());
  assert.equal(stored.expired(), false);
  const renewed = await stored.refresh();
  assert.equal((await me(renewed.token.access_token)).email, ADA);
  assert.notEqual(renewed.token.refresh_token, stored.token.refresh_token);
  await renewed.revoke("refresh_token");
  await assert.rejects(renewed.refresh(), ({ data, output }) => {
    assert.deepEqual([output.statusCode, data.payload.error], [400, "invalid_grant"]);
    return true;
  });
});

const EXPECTED = {
  me: ADA,
  renewed: "Bearer",
  again: ADA,
  updates: 1,
  revoked: 200,
  ended: "invalid_grant",
};
for (const [name, script, updates] of /** @type {[string, string, number][]} */ ([
  ["Authlib", "authlib_client.py", 2],
  ["requests-oauthlib", "requests_oauthlib_client.py", 1],
]))
  test(`${name} renews, by itself too, and revokes`, async () => {
    const { code, stdout, stderr } = await run(
      python.bin("python"),
      [inRoot("tests/clients", script)],
      { env: { ...ACCOUNTS, ORIGIN: edge.origin }, capture: true },
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { ...EXPECTED, updates });
  });
