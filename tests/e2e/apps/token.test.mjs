// Tests over HTTP how apps use the token endpoint, and attacks on it.
import assert from "node:assert/strict";
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { count } from "../../count.mjs";
import { ADA, claimsOf, clientOf, ROOT } from "../client.mjs";
import { startWorkers } from "../workers.mjs";
import { locationOf, tabOf } from "./tab.mjs";

const SPA = "demo-spa";
const WEB = "demo-web";
const SECRET = "demo-web-secret";
const CALLBACK = "http://127.0.0.1:5173/callback";
const API = "https://api.example.com";

let attacks = 0;
after(() => {
  count("token-attacks", `${attacks} attacks on the token endpoint, none with effect`);
});

const rsa = () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: "rsa-1", alg: "RS256", use: "sig" };
};

const basic = (id, secret) =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`;

/** Verifies a JWT with the published keys. Returns its algorithm, its type and its claims. */
async function verified(edge, token) {
  const [header, payload, signature] = token.split(".");
  const { alg, kid, typ } = JSON.parse(Buffer.from(header, "base64url").toString());
  const { keys } = await (await edge.fetch("/.well-known/jwks.json")).json();
  const jwk = keys.find((key) => key.kid === kid);
  assert.equal(jwk?.alg, alg);
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const hash = alg === "EdDSA" ? null : "sha256";
  const signed = Buffer.from(`${header}.${payload}`);
  assert.ok(verify(hash, signed, key, Buffer.from(signature, "base64url")), "the signature");
  return { alg, typ, claims: claimsOf(token) };
}

for (const store of ["kv", "durable"])
  describe(`with SESSION_STORE = "${store}"`, () => {
    let edge, client, tab, ada, stop;
    before(async () => {
      const vars = { SESSION_STORE: store, ALLOWED_ORIGINS: "https://page.example.com" };
      const secrets = { ID_TOKEN_KEYS: JSON.stringify({ keys: [rsa()] }) };
      ({
        workers: [edge],
        stop,
      } = await startWorkers([{ vars, secrets }]));
      client = clientOf(edge);
      tab = tabOf(edge);
      ada = await tab.logIn(ADA);
    });
    after(() => stop?.());

    /**
     * Gets an authorization code for the user in the tab `of`. Returns the form that exchanges it.
     *
     * @param {string} app
     * @param {{ of?: any, user?: any, [parameter: string]: any }} [options]
     * @returns {Promise<Record<string, string>>}
     */
    async function ask(app, { of = tab, user = ada, ...more } = {}) {
      const verifier = randomBytes(32).toString("base64url");
      const query = new URLSearchParams({
        response_type: "code",
        client_id: app,
        redirect_uri: CALLBACK,
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
        state: "s",
        nonce: "n-1",
        ...more,
      });
      let to = locationOf(await of.navigate(`/auth/authorize?${query}`));
      const [, sealed] = /#request=(egq_[\w-]+)$/.exec(to) ?? [];
      if (sealed) to = (await of.decide(sealed, user)).body.redirect;
      const code = new URL(to).searchParams.get("code") ?? assert.fail(to);
      assert.match(code, /^egk_/, to);
      return {
        grant_type: "authorization_code",
        code,
        redirect_uri: CALLBACK,
        client_id: app,
        code_verifier: verifier,
      };
    }
    const withSecret = (secret = SECRET) => ({ headers: { authorization: basic(WEB, secret) } });
    const exchange = (form, options = {}) => client.post("/auth/token", { form, ...options });
    const tokensOf = async (app, more) => {
      const { status, headers, body } = await exchange(
        await ask(app, more),
        app === WEB ? withSecret() : {},
      );
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(headers.get("cache-control"), "no-store");
      return body;
    };
    const renew = (refresh_token, client_id, more = {}, options = {}) =>
      exchange({ grant_type: "refresh_token", refresh_token, client_id, ...more }, options);
    const refused = async (answer, error, status = 400) => {
      attacks += 1;
      const { status: found, body } = await answer;
      assert.deepEqual([found, body.error], [status, error]);
    };

    test("a page gets tokens for its user, and renews them", async () => {
      const scope = "openid profile email";
      const given = await tokensOf(SPA, { scope });
      assert.equal(given.scope, "email openid profile");
      const { alg, typ, claims } = await verified(edge, given.id_token);
      assert.deepEqual([alg, typ], ["EdDSA", "JWT"]);
      assert.equal(claims.iss, edge.origin);
      assert.equal(claims.aud, SPA);
      assert.equal(claims.nonce, "n-1");
      assert.equal(claims.sub, ada.id);
      assert.equal(claims.email, ADA);
      const access = (await verified(edge, given.access_token)).claims;
      assert.equal(access.aud, `${edge.origin}/auth/userinfo`);
      assert.equal(access.client_id, SPA);
      assert.equal(access.sid, claims.sid);
      for (const method of ["get", "post"]) {
        const me = await client[method]("/auth/userinfo", { token: given.access_token });
        assert.equal(me.status, 200);
        assert.equal(me.body.sub, ada.id);
        assert.equal(me.body.email, ADA);
      }
      const { status, body } = await renew(given.refresh_token, SPA);
      assert.equal(status, 200);
      const renewed = (await verified(edge, body.id_token)).claims;
      assert.equal(renewed.nonce, undefined);
      assert.equal(renewed.sub, ada.id);
    });

    test("a server of others authenticates, and gets id_tokens by RS256", async () => {
      await edge.db
        .prepare("UPDATE clients SET id_token_alg = 'RS256' WHERE id = ?1")
        .bind(WEB)
        .run();
      const given = await tokensOf(WEB, { scope: "openid", resource: API });
      const { alg, claims } = await verified(edge, given.id_token);
      assert.equal(alg, "RS256");
      assert.equal(claims.roles, undefined);
      const access = claimsOf(given.access_token);
      assert.deepEqual(access.aud, [API, `${edge.origin}/auth/userinfo`]);
      assert.deepEqual(access.roles, []);
      const asked = await client.post("/auth/introspect", {
        form: { token: given.access_token },
        ...withSecret(),
      });
      assert.deepEqual([asked.status, asked.body.active], [200, true]);
      const by_body = await renew(given.refresh_token, WEB, { client_secret: SECRET });
      assert.equal(by_body.status, 200);
      const revoked = await client.post("/auth/revoke", {
        form: { token: given.refresh_token },
        ...withSecret(),
      });
      assert.equal(revoked.status, 200);
      await refused(renew(given.refresh_token, WEB, {}, withSecret()), "invalid_grant");
    });

    test("a code is worth nothing to anybody else", async () => {
      const form = await ask(SPA, { scope: "openid" });
      const other = randomBytes(32).toString("base64url");
      const challenge = createHash("sha256").update(form.code_verifier).digest("base64url");
      for (const [change, error, status, options] of /** @type {any[]} */ ([
        [{ code_verifier: other }, "invalid_grant"],
        [{ code_verifier: challenge }, "invalid_grant"],
        [{ code_verifier: "" }, "invalid_request"],
        [{ redirect_uri: "http://127.0.0.1:5174/callback" }, "invalid_grant"],
        [{ redirect_uri: "https://evil.example/callback" }, "invalid_grant"],
        [{ client_id: WEB }, "invalid_client", 401],
        [{ client_id: WEB }, "invalid_grant", 400, withSecret()],
        [{ client_id: "edgegate" }, "invalid_client", 401],
        [{ client_id: "nobody" }, "invalid_client", 401],
        [{ client_secret: "x" }, "invalid_client", 401],
        [
          { code: form.code.replace(/.{2}$/, (end) => (end === "AA" ? "BA" : "AA")) },
          "invalid_grant",
        ],
        [{ resource: API }, "invalid_target"],
      ]))
        await refused(exchange({ ...form, ...change }, options ?? {}), error, status ?? 400);
      // This attack is a code injection: it sends a code from another user's sign-in with the
      // verifier of the app's own sign-in.
      const root = tabOf(edge);
      const theirs = await ask(SPA, { of: root, user: await root.logIn(ROOT), scope: "openid" });
      await refused(exchange({ ...form, code: theirs.code }), "invalid_grant");
      for (const name of Object.keys(form)) {
        const body = new URLSearchParams(form);
        body.append(name, form[name]);
        await refused(client.post("/auth/token", { body }), "invalid_request");
      }
      for (const name of ["code", "code_verifier", "client_secret"])
        await refused(
          client.post(`/auth/token?${new URLSearchParams({ [name]: form[name] ?? "x" })}`, {
            form,
          }),
          "invalid_request",
        );
      assert.equal((await exchange(form)).status, 200, "nothing has spent the code");
    });

    test("a wrong secret is challenged in the scheme of the request", async () => {
      const form = await ask(WEB, { scope: "openid" });
      for (const [options, scheme] of /** @type {any[]} */ ([
        [withSecret("wrong"), "Basic "],
        [{ headers: { authorization: "Basic !" } }, "Basic "],
        [{}, "Edgegate "],
      ])) {
        const { status, headers, body } = await exchange(form, options);
        assert.deepEqual([status, body.error], [401, "invalid_client"]);
        // A wrong secret gets the same description as an unknown client.
        assert.equal(body.error_description, "The client is unknown or did not authenticate");
        assert.ok(headers.get("www-authenticate")?.startsWith(scheme));
        attacks += 1;
      }
      await refused(exchange({ ...form, client_secret: SECRET }, withSecret()), "invalid_request");
      assert.equal((await exchange(form, withSecret())).status, 200);
    });

    test("of ten exchanges at once none leaves a second session", async () => {
      const form = await ask(SPA, { scope: "openid" });
      const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(form)));
      attacks += 10;
      const given = answers.filter(({ status }) => status === 200);
      assert.ok(given.length <= 1, `${given.length} sessions`);
      for (const { status, body } of answers)
        if (status !== 200) assert.equal(body.error, "invalid_grant");
      for (const { body } of given) await refused(renew(body.refresh_token, SPA), "invalid_grant");
    });

    test("a replay ends the app's session and no other", async () => {
      const form = await ask(SPA, { scope: "openid" });
      const { body } = await exchange(form);
      assert.equal((await renew(body.refresh_token, SPA)).status, 200);
      await refused(exchange(form), "invalid_grant");
      await refused(renew(body.refresh_token, SPA), "invalid_grant");
      assert.equal((await client.get("/auth/userinfo", { token: body.access_token })).status, 401);
      await tokensOf(SPA, { scope: "openid" });
    });

    test("a renewal never gives more than was granted", async () => {
      const { refresh_token } = await tokensOf(SPA, { scope: "openid profile" });
      const narrow = await renew(refresh_token, SPA, { scope: "openid" });
      assert.equal(narrow.body.scope, "openid");
      const wide = await renew(narrow.body.refresh_token, SPA, {
        scope: "openid profile email offline_access admin",
      });
      assert.equal(wide.body.scope, "openid profile");
      assert.equal(claimsOf(wide.body.access_token).email, undefined);
      await refused(renew(refresh_token, SPA, { scope: "email" }), "invalid_scope");
      await refused(renew(refresh_token, SPA, { resource: API }), "invalid_target");
      await refused(renew(refresh_token, SPA, { resource: "edgegate" }), "invalid_target");
      await refused(renew(refresh_token, WEB, {}, withSecret()), "invalid_grant");
      await refused(exchange({ grant_type: "refresh_token", refresh_token }), "invalid_grant");
      await refused(
        client
          .post("/auth/token", {
            form: { grant_type: "refresh_token", refresh_token, client_id: SPA },
            headers: {},
          })
          .then((answer) => (answer.status === 200 ? renew(`${refresh_token}A`, SPA) : answer)),
        "invalid_grant",
      );
    });

    test("the cookie and apps have nothing to do with each other", async () => {
      const { refresh_token } = await tokensOf(SPA, { scope: "openid" });
      const cookie = [...tab.jar].map(([name, { value }]) => `${name}=${value}`).join("; ");
      const headers = { cookie, origin: edge.origin };
      const json = { grant_type: "refresh_token", refresh_token, client_id: SPA };
      const answer = await client.post("/auth/token", { json, headers });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("set-cookie"), null);
      await refused(
        client.post("/auth/token", { json: { ...json, refresh_token: undefined }, headers }),
        "invalid_request",
      );
      const planted = { cookie: `edgegate-8787=${refresh_token}`, origin: edge.origin };
      await refused(
        client.post("/auth/token", { json: { grant_type: "refresh_token" }, headers: planted }),
        "invalid_grant",
      );
    });

    test("no operation of the account takes an app's token", async () => {
      const contract = parse(
        readFileSync(new URL("../../../openapi.yaml", import.meta.url), "utf8"),
      );
      const root = tabOf(edge);
      const user = await root.logIn(ROOT);
      const scope = "openid profile email";
      const token = (await tokensOf(SPA, { of: root, user, scope })).access_token;
      assert.ok(claimsOf(token).roles.includes("admin"), "the strongest token of an app");
      let operations = 0;
      for (const [path, methods] of Object.entries(contract.paths))
        for (const [method, operation] of Object.entries(/** @type {any} */ (methods))) {
          const takes = (operation.security ?? []).some((scheme) => "accessToken" in scheme);
          if (!takes) continue;
          const url = path.replaceAll(/\{\w+\}/g, user.id);
          const query = path === "/auth/authorized" ? "?role=admin" : "";
          const [[type, content] = []] = Object.entries(operation.requestBody?.content ?? {});
          const given = content?.example ?? content?.examples?.body?.value;
          // Leave out `cookie: true`. Requests with it require an allowed Origin, so they would be
          // rejected before the check that is tested here.
          const { cookie: _, ...members } = typeof given === "object" ? given : {};
          const body = typeof given === "string" ? given : JSON.stringify(members);
          const answer = await edge.fetch(url + query, {
            method: method.toUpperCase(),
            headers: {
              authorization: `Bearer ${token}`,
              ...(type ? { "content-type": type } : {}),
            },
            ...(type ? { body } : {}),
          });
          const text = await answer.text();
          assert.equal(answer.status, 401, `${method} ${path}: ${answer.status} ${text}`);
          assert.match(text, /invalid_token/, `${method} ${path}`);
          operations += 1;
          attacks += 1;
        }
      assert.ok(operations > 25, `${operations} operations`);
      assert.equal((await client.get("/auth/userinfo", { token })).status, 200);
    });

    test("a log-out reaches the apps, but not those with offline_access", async () => {
      const other = tabOf(edge);
      const user = await other.logIn(ADA);
      const online = await tokensOf(SPA, { of: other, user, scope: "openid" });
      const offline = await tokensOf(SPA, { of: other, user, scope: "openid offline_access" });
      await other.post("/auth/revoke", {});
      await refused(renew(online.refresh_token, SPA), "invalid_grant");
      assert.equal(
        (await client.get("/auth/userinfo", { token: online.access_token })).status,
        401,
      );
      assert.equal((await renew(offline.refresh_token, SPA)).status, 200);
    });

    test("pages of other origins read these answers, but without credentials", async () => {
      const form = { grant_type: "refresh_token", refresh_token: "ega_x", client_id: SPA };
      for (const [origin, allowed] of /** @type {any[]} */ ([
        ["https://elsewhere.example", "*"],
        ["null", "*"],
        ["https://page.example.com", "https://page.example.com"],
      ])) {
        for (const path of ["/auth/token", "/auth/revoke", "/auth/userinfo"]) {
          const answers = [
            await client.post(
              path,
              path === "/auth/userinfo" ? { headers: { origin } } : { form, headers: { origin } },
            ),
            await edge.fetch(path, {
              method: "OPTIONS",
              headers: {
                origin,
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization",
              },
            }),
          ];
          for (const { headers } of answers) {
            assert.equal(headers.get("access-control-allow-origin"), allowed, `${path} ${origin}`);
            const credentials = headers.get("access-control-allow-credentials");
            assert.equal(credentials, allowed === "*" ? null : "true");
          }
        }
        const other = await client.post("/auth/login", { json: {}, headers: { origin } });
        const read = other.headers.get("access-control-allow-origin");
        assert.equal(read, allowed === "*" ? null : allowed, "the account's own routes");
      }
    });

    test("both documents of discovery say the same, and what is true", async () => {
      const { body } = await client.get("/.well-known/openid-configuration");
      const same = await client.get("/.well-known/oauth-authorization-server");
      assert.deepEqual(body, same.body);
      assert.equal(body.issuer, edge.origin);
      for (const [name, value] of Object.entries(body))
        if (name.endsWith("_endpoint") || name === "jwks_uri") {
          assert.ok(value.startsWith(`${edge.origin}/`), name);
          const { pathname } = new URL(value);
          assert.notEqual((await edge.fetch(pathname, { redirect: "manual" })).status, 404, name);
        }
      assert.deepEqual(body.id_token_signing_alg_values_supported, ["EdDSA", "RS256"]);
      const given = await tokensOf(SPA, { scope: "openid profile email" });
      const me = await client.get("/auth/userinfo", { token: given.access_token });
      const shown = Object.keys({ ...claimsOf(given.id_token), ...me.body });
      assert.deepEqual(body.claims_supported.toSorted(), shown.toSorted());
      assert.deepEqual(body.response_modes_supported, ["query"]);
      assert.equal(body.request_uri_parameter_supported, false);
      assert.equal(body.authorization_response_iss_parameter_supported, true);
      const { keys } = await (await edge.fetch("/.well-known/jwks.json")).json();
      assert.deepEqual(
        keys.map(({ kty }) => kty),
        ["OKP", "RSA"],
      );
      for (const key of keys) assert.ok(!("d" in key) && !("p" in key));
    });
  });

test("with only symmetric keys nobody signs in to apps", async (t) => {
  const k = randomBytes(32).toString("base64url");
  const keys = JSON.stringify({ keys: [{ kty: "oct", kid: "hs", k }] });
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ secrets: { SIGNING_KEYS: keys } }]);
  t.after(() => stop());
  const client = clientOf(edge);
  const { body } = await client.get("/.well-known/openid-configuration");
  assert.equal(body.authorization_endpoint, undefined);
  assert.deepEqual(body.response_types_supported, []);
  const { status, body: refusal } = await client.post("/auth/token", {
    form: { grant_type: "authorization_code", code: "x", client_id: SPA },
  });
  assert.deepEqual([status, refusal.error], [400, "unsupported_grant_type"]);
});
