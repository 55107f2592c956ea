// Tests, over HTTP and without a browser, how users sign in to apps and sign out of them, and
// attacks on both.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { count } from "../../count.mjs";
import { ADA, PASSWORD, ROOT } from "../client.mjs";
import { startWorker } from "../harness.mjs";
import { startWorkers } from "../workers.mjs";
import {
  addApps,
  answerTo,
  asking,
  BYE,
  CALLBACK,
  CHALLENGE,
  locationOf,
  OTHER,
  OWN,
  sealedFor,
  tabOf,
} from "./tab.mjs";

let attacks = 0;
/**
 * Returns the `error` parameter of a redirect. Checks that the redirect leads to the app's own
 * address.
 */
const errorOf = (answer, edge) => {
  const { code, error } = answerTo(locationOf(answer), edge.origin);
  assert.equal(code, undefined);
  return error;
};
const codeOf = (url, edge) => {
  const { code } = answerTo(url, edge.origin);
  assert.match(code, /^egk_[\w-]+$/);
  assert.ok(code.length < 2000);
  return code;
};

after(() => {
  count("authorize-attacks", `${attacks} attacks on the authorization endpoint, none with effect`);
});

for (const store of ["kv", "durable"])
  describe(`with SESSION_STORE = "${store}"`, () => {
    let edge, logs, stop;
    before(async () => {
      const vars = { SESSION_STORE: store, ALLOWED_ORIGINS: "https://page.example.com" };
      ({
        workers: [edge],
        logs,
        stop,
      } = await startWorkers([{ vars }]));
      await tabOf(edge).logIn(ADA);
      await addApps(edge);
    });
    after(() => stop?.());

    test("a person signs in once, and then enters the operator's apps without a page", async () => {
      const tab = tabOf(edge);
      const sealed = sealedFor(locationOf(await tab.navigate(asking(OWN))), "/sign-in");
      const shown = await tab.post("/auth/authorize/request", { request: sealed });
      assert.equal(shown.body.next, "sign_in");
      assert.equal(shown.body.user, null);
      const ada = await tab.logIn(ADA);
      assert.deepEqual([...tab.jar.keys()].sort(), [
        "edgegate-8787",
        "edgegate-8787-device",
        "edgegate-sso-8787",
      ]);
      assert.match(tab.cookie("edgegate-sso-8787"), /^egs_/);
      const again = await tab.post("/auth/authorize/request", { request: sealed });
      assert.equal(again.body.next, "done");
      const decided = await tab.decide(sealed, ada);
      const first = codeOf(decided.body.redirect, edge);
      const silent = codeOf(locationOf(await tab.navigate(asking(OWN))), edge);
      const none = codeOf(locationOf(await tab.navigate(asking(OWN, { prompt: "none" }))), edge);
      assert.equal(new Set([first, silent, none]).size, 3);
    });

    test("other people's apps need consent, once", async () => {
      const tab = tabOf(edge);
      const ada = await tab.logIn(ADA);
      const ask = asking(OTHER, { scope: "openid email" });
      assert.equal(
        errorOf(await tab.navigate(asking(OTHER, { prompt: "none" })), edge),
        "consent_required",
      );
      const sealed = sealedFor(locationOf(await tab.navigate(ask)), "/consent");
      const { body } = await tab.post("/auth/authorize/request", { request: sealed });
      assert.deepEqual(
        { ...body, expires_at: 0 },
        {
          client: { client_id: OTHER, name: "Other", host: "app.example.com", first_party: false },
          scopes: ["email", "openid"],
          resource: null,
          login_hint: null,
          ui_locales: null,
          user: { id: ada.id, email: ADA },
          next: "consent",
          expires_at: 0,
        },
      );
      const denied = await tab.decide(sealed, ada, false);
      assert.equal(answerTo(denied.body.redirect, edge.origin).error, "access_denied");
      const allowed = await tab.decide(sealed, ada);
      codeOf(allowed.body.redirect, edge);
      codeOf(locationOf(await tab.navigate(ask)), edge);
    });

    test("the same user keeps the sign-on; another one ends it", async () => {
      const tab = tabOf(edge);
      await tab.logIn(ADA);
      const before = tab.cookie("edgegate-sso-8787");
      const ada = await tab.logIn(ADA);
      const after = tab.cookie("edgegate-sso-8787");
      // The cookie's value begins with two bytes: the format and the key number. They are followed
      // by three ids of 16 bytes each: those of the user, of the session and of the single sign-on.
      const part = (ticket, at) =>
        Buffer.from(ticket.slice(4), "base64url")
          .subarray(2 + at, 18 + at)
          .toString("hex");
      assert.notEqual(part(before, 16), part(after, 16), "another session");
      assert.equal(part(before, 32), part(after, 32), "the same sign-on");
      await tab.logIn(ROOT);
      assert.notEqual(part(tab.cookie("edgegate-sso-8787"), 32), part(after, 32));
      tab.jar.set("edgegate-sso-8787", { value: after, sameSite: "Lax" });
      assert.equal(
        errorOf(await tab.navigate(asking(OWN, { prompt: "none" })), edge),
        "login_required",
      );
      // The decision names the first user, but another user is signed in.
      const sealed = sealedFor(locationOf(await tab.navigate(asking(OTHER))), "/sign-in");
      const refused = await tab.decide(sealed, ada);
      assert.deepEqual([refused.status, refused.body.code], [409, "other_user"]);
    });

    test("no other site finds out who is signed in, by prompt=none", async () => {
      const tab = tabOf(edge);
      await tab.logIn(ADA);
      const silent = asking(OWN, { prompt: "none" });
      for (const headers of [
        { "sec-fetch-dest": "iframe" },
        { "sec-fetch-dest": "empty" },
        { "sec-fetch-dest": "image" },
        { "sec-fetch-dest": "script" },
        { "sec-purpose": "prefetch" },
        { "sec-purpose": "prefetch;prerender" },
      ]) {
        attacks++;
        assert.equal(errorOf(await tab.navigate(silent, headers), edge), "login_required");
        const page = locationOf(await tab.navigate(asking(OTHER), headers));
        sealedFor(page, "/sign-in");
      }
      for (const origin of ["https://page.example.com", "https://evil.example"]) {
        attacks++;
        const answer = await tab.navigate(silent, { origin, "sec-fetch-dest": "empty" });
        assert.equal(errorOf(answer, edge), "login_required");
        assert.equal(answer.headers.get("access-control-allow-origin"), null);
        const options = await edge.fetch("/auth/authorize", {
          method: "OPTIONS",
          headers: { origin, "access-control-request-method": "GET" },
        });
        assert.equal(options.status, 405);
      }
    });

    test("the sign-on cookie gives nothing to a thief", async () => {
      const tab = tabOf(edge);
      const ada = await tab.logIn(ADA);
      const value = tab.cookie("edgegate-sso-8787");
      const sealed = sealedFor(
        locationOf(await tab.navigate(asking(OTHER, { prompt: "consent" }))),
        "/consent",
      );
      const thief = tabOf(edge);
      thief.jar.set("edgegate-sso-8787", { value, sameSite: "Lax" });
      const asked = [
        await thief.decide(sealed, ada),
        await thief.post("/auth/token", { grant_type: "refresh_token" }),
        await thief.client.renew(value),
        await thief.client.get("/auth/me", { token: value }),
      ];
      thief.jar.set("edgegate-8787", { value, sameSite: "Strict" });
      asked.push(
        await thief.decide(sealed, ada),
        await thief.post("/auth/token", { grant_type: "refresh_token" }),
      );
      for (const answer of asked) {
        attacks++;
        assert.ok([400, 401].includes(answer.status), `${answer.status}`);
        assert.ok(!JSON.stringify(answer.body).includes('token":'));
      }
    });

    test("no other origin decides, and no form does", async () => {
      const tab = tabOf(edge);
      const ada = await tab.logIn(ADA);
      const ask = asking(OTHER, { prompt: "consent" });
      const request = sealedFor(locationOf(await tab.navigate(ask)), "/consent");
      const decision = { request, user_id: ada.id, allow: true };
      const at = "/auth/authorize/decision";
      for (const origin of [
        "https://evil.example",
        "null",
        "http://127.0.0.1:5000",
        `${edge.origin}.evil.example`,
      ]) {
        attacks++;
        const answer = await tab.post(at, decision, origin);
        assert.equal(answer.status, 403, origin);
        assert.equal(answer.headers.get("access-control-allow-origin"), null);
      }
      const cookie = [...tab.jar].map(([name, { value }]) => `${name}=${value}`).join("; ");
      for (const [type, body] of [
        ["application/x-www-form-urlencoded", new URLSearchParams({ ...decision, allow: "true" })],
        ["text/plain", JSON.stringify(decision)],
      ]) {
        attacks++;
        const headers = { origin: edge.origin, cookie, "content-type": `${type}` };
        const answer = await tab.client.call("POST", at, { headers, body: `${body}` });
        assert.equal(answer.status, 415);
      }
      attacks++;
      const without = await tab.client.call("POST", at, { json: decision, headers: { cookie } });
      assert.equal(without.status, 403, "no Origin");
      for (const forged of [
        "",
        "x",
        "egq_",
        request.slice(0, -1),
        `${request}A`,
        tab.cookie("edgegate-8787"),
      ]) {
        attacks++;
        const answer = await tab.post(at, { ...decision, request: forged });
        assert.deepEqual([answer.status, answer.body.code], [400, "invalid_request"]);
      }
    });

    test("no other site signs a visitor in as somebody else", async () => {
      attacks++;
      const tab = tabOf(edge);
      const answer = await tab.post(
        "/auth/login",
        { email: ROOT, password: PASSWORD, cookie: true },
        "https://evil.example",
      );
      assert.deepEqual([answer.status, tab.jar.size], [403, 0]);
    });

    test("a broken request gets a page, and the browser stays", async () => {
      const tab = tabOf(edge);
      await tab.logIn(ADA);
      const uri = (redirect_uri) => asking(OWN, { redirect_uri });
      for (const path of [
        "/auth/authorize",
        asking(OWN, { client_id: undefined }),
        asking("nobody"),
        asking("<script>alert(1)</script>"),
        `${asking(OWN)}&client_id=${OWN}`,
        `${asking(OWN)}&client_id=${OTHER}`,
        `${asking(OWN)}&redirect_uri=${encodeURIComponent(CALLBACK)}`,
        `${asking(OWN)}&redirect_uri=https%3A%2F%2Fevil.example`,
        asking(OWN, { redirect_uri: undefined }),
        asking(OWN, { x: "y".repeat(8192) }),
        uri("https://evil.example/callback"),
        uri("https://app.example.com@evil.example/callback"),
        uri("https://app.example.com.evil.example/callback"),
        uri("https://app.example.com/callback/../evil"),
        uri("https://app.example.com/callback%2f..%2fevil"),
        uri("https://app.example.com/callback?x=y"),
        uri("https://app.example.com/callback#x"),
        uri("https://app.example.com:8443/callback"),
        uri("https://xn--pp-via.example.com/callback"),
        uri("https://äpp.example.com/callback"),
        uri("http://app.example.com/callback"),
        uri("//app.example.com/callback"),
        uri("javascript:alert(1)"),
        uri("data:text/html,x"),
        uri(" https://app.example.com/callback"),
        uri("https://app.example.com/callback\r\nSet-Cookie: a=b"),
        uri('"><script>alert(1)</script>'),
      ]) {
        attacks++;
        const answer = await tab.navigate(path);
        assert.equal(answer.status, 400, path);
        assert.equal(answer.headers.get("location"), null, path);
        assert.ok(!answer.body.includes("<script"), path);
        assert.match(answer.body, /<h1>Signing in does not work<\/h1>/);
        const { headers } = answer;
        assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
        assert.equal(headers.get("cache-control"), "no-store");
        assert.equal(headers.get("referrer-policy"), "no-referrer");
        assert.equal(headers.get("x-frame-options"), "DENY");
        assert.match(
          headers.get("content-security-policy"),
          /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
        );
        assert.equal(headers.get("set-cookie"), null);
      }
      const german = await tab.navigate("/auth/authorize", { "accept-language": "de" });
      assert.match(german.body, /<html lang="de">/);
    });

    test("every other fault goes to the app, with state and iss; PKCE is never weaker", async () => {
      const tab = tabOf(edge);
      await tab.logIn(ADA);
      for (const [
        changes,
        error,
      ] of /** @type {[Record<string, string | undefined>, string][]} */ ([
        [{ code_challenge_method: "plain" }, "invalid_request"],
        [{ code_challenge_method: undefined }, "invalid_request"],
        [{ code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
        [{ code_challenge: `${CHALLENGE}A` }, "invalid_request"],
        [{ code_challenge: "" }, "invalid_request"],
        [{ response_type: "token" }, "unsupported_response_type"],
        [{ response_type: "code id_token" }, "unsupported_response_type"],
        [{ response_mode: "fragment" }, "invalid_request"],
        [{ prompt: "none login" }, "invalid_request"],
        [{ request: "x" }, "request_not_supported"],
        [{ request_uri: "https://evil.example" }, "request_uri_not_supported"],
        [{ registration: "{}" }, "registration_not_supported"],
        [{ resource: "https://evil.example" }, "invalid_target"],
        [{ nonce: "n".repeat(257) }, "invalid_request"],
        [{ login_hint: "root@example.com", prompt: "none" }, "login_required"],
      ])) {
        attacks++;
        const answer = await tab.navigate(asking(OWN, changes));
        assert.equal(errorOf(answer, edge), error, JSON.stringify(changes));
      }
      for (const repeated of [
        "state=x",
        "nonce=a&nonce=b",
        "scope=openid&scope=email",
        "code_challenge=x",
      ]) {
        attacks++;
        const location = locationOf(await tab.navigate(`${asking(OWN)}&${repeated}`));
        const url = new URL(location);
        assert.equal(url.origin + url.pathname, CALLBACK);
        assert.equal(url.searchParams.get("error"), "invalid_request");
        assert.equal(url.searchParams.get("iss"), edge.origin);
      }
    });

    test("a posted request goes on by GET", async () => {
      const tab = tabOf(edge);
      await tab.logIn(ADA);
      const form = Object.fromEntries(new URL(asking(OWN), edge.origin).searchParams);
      const location = locationOf(await tab.submit("/auth/authorize", form, "cross-site"));
      assert.ok(location.startsWith("/auth/authorize?"), location);
      codeOf(locationOf(await tab.navigate(location)), edge);
      attacks++;
      const long = { ...form, x: "y".repeat(8192) };
      assert.equal((await tab.submit("/auth/authorize", long, "cross-site")).status, 400);
    });

    test("a log-out ends the sign-on, and no other site causes one", async () => {
      const tab = tabOf(edge);
      await tab.logIn(ADA);
      const value = tab.cookie("edgegate-sso-8787");
      const isSignedOn = async () => {
        const url = locationOf(await tab.navigate(asking(OWN, { prompt: "none" })));
        return "code" in answerTo(url, edge.origin);
      };
      const asked = await tab.navigate(
        `/auth/logout?client_id=${OWN}&post_logout_redirect_uri=${BYE}`,
      );
      assert.equal(asked.status, 200);
      assert.match(asked.body, /<form method="post" action="\/auth\/logout">/);
      assert.equal(asked.headers.get("x-frame-options"), "DENY");
      assert.equal(asked.headers.get("referrer-policy"), "same-origin");
      assert.match(
        asked.headers.get("content-security-policy"),
        /form-action 'self' https:\/\/app\.example\.com; frame-ancestors 'none'$/,
      );
      for (const site of ["cross-site", "same-site", "none"]) {
        attacks++;
        const form = { confirmed: "1", client_id: OWN };
        assert.match(locationOf(await tab.submit("/auth/logout", form, site)), /^\/auth\/logout\?/);
        assert.ok(await isSignedOn(), site);
      }
      for (const evil of [
        "https://evil.example/",
        "//evil.example",
        "https://app.example.com/callback",
      ]) {
        attacks++;
        const path = `/auth/logout?client_id=${OWN}&post_logout_redirect_uri=${encodeURIComponent(evil)}`;
        const page = await tab.navigate(path);
        assert.equal(page.status, 200);
        assert.ok(!page.headers.get("content-security-policy").includes("evil"));
      }
      const form = { confirmed: "1", client_id: OWN, post_logout_redirect_uri: BYE, state: "s" };
      const done = await tab.submit("/auth/logout", form);
      assert.equal(locationOf(done), `${BYE}?state=s`);
      assert.deepEqual([...tab.jar.keys()], ["edgegate-8787-device"]);
      tab.jar.set("edgegate-sso-8787", { value, sameSite: "Lax" });
      assert.ok(!(await isSignedOn()));
    });

    test("no code, no state and no ticket is in a log", async () => {
      const tab = tabOf(edge);
      await tab.logIn(ADA);
      const state = "a-state-that-nobody-may-log";
      const url = locationOf(await tab.navigate(asking(OWN, { state })));
      const { code } = Object.fromEntries(new URL(url).searchParams);
      await tab.navigate(asking(OWN, { state, code_challenge: "x" }));
      await tab.navigate(asking("nobody", { state }));
      const text = JSON.stringify(logs());
      assert.ok(text.includes('"path":"/auth/authorize"'));
      assert.ok(text.includes("code_issued"));
      for (const secret of [state, code, "egk_", "egs_", "egq_", CHALLENGE])
        assert.ok(!text.includes(secret), secret.slice(0, 8));
    });
  });

test("with the pages, too, the Worker's own page explains a broken request", async (t) => {
  const edge = await startWorker();
  t.after(() => edge.stop());
  const answer = await tabOf(edge).navigate("/auth/authorize?client_id=x");
  assert.equal(answer.status, 400);
  assert.match(answer.body, /The parameter redirect_uri is missing/);
});
