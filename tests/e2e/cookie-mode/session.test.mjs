// Tests which answers set the session's cookie, which leave it unchanged and which clear it. All
// tests but the last one run with both session stores. tests/browser/cookie-mode.test.mjs tests
// what the browser does with the cookie.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, claimsOf, clientOf, PASSWORD, ROOT } from "../client.mjs";
import { goesOn, isCleared, LOGIN, NAME, pageOf, setCookieOf } from "../cookie-jar.mjs";
import { newId, nowSeconds, refreshToken } from "../forge.mjs";
import { mailTo, ticketOf } from "../outbox.mjs";
import { startWorkers } from "../workers.mjs";

const DAY = 86_400;
const NEW_PASSWORD = "an analytical engine";
const ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict";

for (const store of ["kv", "durable"]) {
  test(`cookie mode with SESSION_STORE = "${store}"`, async (t) => {
    const vars = { SESSION_STORE: store, REGISTRATION: "open" };
    const rotating = { ...vars, ROTATE_AFTER: "0", REUSE: "strict" };
    const {
      workers: [edge, strict],
      lineOf,
      logs,
      stop,
    } = await startWorkers([{ vars }, { vars: rotating }]);
    t.after(stop);
    const clock = (seconds) =>
      Promise.all([edge, strict].map((worker) => worker.control({ clock: seconds })));
    t.beforeEach(() => clock(0));

    await t.test("a login puts the refresh token into the cookie and nowhere else", async () => {
      const page = pageOf(edge);
      const answer = await page.post("/auth/login", LOGIN);
      assert.equal(answer.status, 200);
      assert.deepEqual(Object.keys(answer.body).sort(), [
        "access_token",
        "expires_in",
        "refresh_token_expires_in",
        "token_type",
        "user",
      ]);
      assert.equal(answer.body.refresh_token_expires_in, 90 * DAY);
      const { name, value, attributes } = setCookieOf(answer) ?? assert.fail("no cookie");
      assert.equal(name, NAME);
      assert.match(value, /^egr_[\w-]{122}$/);
      assert.equal(attributes, `${ATTRIBUTES}; Max-Age=${90 * DAY}`);
      assert.equal(answer.headers.get("cache-control"), "no-store");
      assert.ok(await goesOn(page, answer.body.access_token));
    });

    await t.test(
      "a young token is kept and sets nothing; an older one is replaced, and its cookie lives as long as the session",
      async () => {
        const page = pageOf(edge);
        await page.logIn(ADA, PASSWORD);
        const first = page.cookie;
        const kept = await page.renew();
        assert.deepEqual([kept.status, setCookieOf(kept)], [200, undefined]);
        assert.deepEqual(Object.keys(kept.body).sort(), [
          "access_token",
          "expires_in",
          "refresh_token_expires_in",
          "token_type",
        ]);

        await clock(100);
        const fresh = await page.renew();
        assert.equal(fresh.status, 200);
        assert.notEqual(page.cookie, first);
        const left = fresh.body.refresh_token_expires_in;
        assert.ok(left <= 90 * DAY - 100 && left > 90 * DAY - 200, `${left}`);
        assert.equal(setCookieOf(fresh)?.attributes, `${ATTRIBUTES}; Max-Age=${left}`);
        assert.ok(await goesOn(page, fresh.body.access_token));
        const again = await page.renew();
        assert.deepEqual(
          [again.status, setCookieOf(again)],
          [200, undefined],
          "the new one is young",
        );

        const second = page.cookie;
        page.cookie = first;
        const repeated = await page.renew();
        assert.deepEqual(
          [repeated.status, page.cookie],
          [200, second],
          "a repeat gets the same successor",
        );
        assert.equal((await lineOf(repeated)).verdict, "repeated");

        await clock(200);
        // The service can recognize a client later only if it knows the client's network address.
        const home = { headers: { "cf-connecting-ip": "203.0.113.7" } };
        await page.renew(home);
        const third = page.cookie;
        page.cookie = first;
        const overtaken = await page.renew();
        assert.deepEqual(
          [overtaken.status, page.cookie],
          [200, third],
          "who was overtaken gets the newest",
        );
        assert.equal((await lineOf(overtaken)).verdict, "overtaken");

        await clock(260);
        page.cookie = second;
        const late = await page.renew(home);
        assert.deepEqual(
          [late.status, page.cookie, (await lineOf(late)).verdict],
          [200, third, "late"],
        );
      },
    );

    await t.test("ten renewals at once set one and the same cookie", async () => {
      const page = pageOf(strict);
      await page.logIn(ADA, PASSWORD);
      const { cookie } = page;
      const tabs = Array.from({ length: 10 }, () => pageOf(strict, { cookie }));
      const answers = await Promise.all(tabs.map((tab) => tab.renew()));
      assert.deepEqual(
        answers.map(({ status }) => status),
        Array(10).fill(200),
      );
      assert.equal(new Set(tabs.map((tab) => tab.cookie)).size, 1);
      assert.notEqual(tabs[0].cookie, cookie);
    });

    await t.test(
      "log out ends the session and clears the cookie, with or without one",
      async () => {
        const page = pageOf(edge);
        const { access_token } = await page.logIn(ADA, PASSWORD);
        const { cookie } = page;
        const out = await page.post("/auth/revoke", {});
        assert.deepEqual(
          [out.status, out.body, isCleared(out), page.cookie],
          [200, {}, true, null],
        );
        assert.equal(setCookieOf(out)?.attributes, `${ATTRIBUTES}; Max-Age=0`);
        assert.ok(!(await goesOn(page, access_token)));
        const again = await page.post("/auth/revoke", { token_type_hint: "refresh_token" });
        assert.deepEqual([again.status, isCleared(again)], [200, true]);

        page.cookie = cookie;
        const dead = await page.renew();
        assert.deepEqual(
          [dead.status, dead.body.error, isCleared(dead)],
          [400, "invalid_grant", true],
        );
        assert.equal((await lineOf(dead)).verdict, "ended");
      },
    );

    await t.test("a page without a cookie learns that nobody is signed in", async () => {
      const answer = await pageOf(edge).renew();
      assert.deepEqual(
        [answer.status, answer.body.error, setCookieOf(answer)],
        [400, "invalid_grant", undefined],
      );
    });

    await t.test("a cookie that is worth nothing is refused and cleared", async () => {
      const page = pageOf(edge);
      const { user, access_token } = await page.logIn(ADA, PASSWORD);
      const forged = { user: user.id, session: newId(), expires_at: nowSeconds() + 90 * DAY };
      for (const [what, cookie] of [
        ["nothing", ""],
        ["a word", "nothing"],
        ["an access token", access_token],
        ["cut off", page.cookie?.slice(0, -1)],
        ["in quotes", `"${page.cookie}"`],
        ["another's secret", refreshToken(forged, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")],
        ["4 KB", "x".repeat(4000)],
      ]) {
        const answer = await pageOf(edge, { cookie }).renew();
        assert.deepEqual(
          [answer.status, answer.body.error, isCleared(answer)],
          [400, "invalid_grant", true],
          what,
        );
        assert.equal((await pageOf(edge, { cookie }).post("/auth/revoke", {})).status, 200, what);
      }
      await clock(31 * DAY);
      const idle = await page.renew();
      assert.deepEqual(
        [idle.status, idle.body.error, page.cookie],
        [400, "invalid_grant", null],
        "not renewed for 30 days",
      );
    });

    await t.test("a cookie that comes back spent ends its session and is cleared", async () => {
      const page = pageOf(strict);
      await page.logIn(ADA, PASSWORD);
      const first = page.cookie;
      const { access_token } = (await page.renew()).body;
      await clock(60);
      const thief = pageOf(strict, { cookie: first });
      const reused = await thief.renew();
      assert.deepEqual(
        [reused.status, (await lineOf(reused)).verdict, thief.cookie],
        [400, "reused", null],
      );
      assert.ok(!(await goesOn(page, access_token)));
      assert.equal((await page.renew()).status, 400);
      assert.equal(page.cookie, null);
    });

    await t.test(
      "a store that fails clears nothing: the same cookie may be tried again",
      async () => {
        const page = pageOf(edge);
        await page.logIn(ADA, PASSWORD);
        const { cookie } = page;
        for (const ask of [() => page.renew(), () => page.post("/auth/revoke", {})]) {
          const call = store === "kv" ? "KV get" : "object";
          await edge.control({ fail: { [call]: { times: 9, error: "down" } } });
          const answer = await ask();
          assert.deepEqual(
            [answer.status, answer.body.error, page.cookie],
            [503, "temporarily_unavailable", cookie],
          );
          await edge.control({ fail: {} });
        }
        assert.equal((await page.renew()).status, 200);
      },
    );

    await t.test(
      "a login over a cookie ends that session, whoever's it is; one that fails does not",
      async () => {
        const page = pageOf(edge);
        const ada = await page.logIn(ADA, PASSWORD);
        const of_ada = page.cookie;
        for (const json of [
          { ...LOGIN, password: "not her password" },
          { ...LOGIN, email: "nobody@example.com" },
        ]) {
          const answer = await page.post("/auth/login", json);
          assert.deepEqual([answer.status, page.cookie], [401, of_ada]);
        }
        assert.ok(await goesOn(page, ada.access_token));
        const root = await page.logIn(ROOT, PASSWORD);
        assert.notEqual(page.cookie, of_ada);
        assert.ok(!(await goesOn(page, ada.access_token)));
        assert.ok(await goesOn(page, root.access_token));
        assert.equal((await pageOf(edge, { cookie: of_ada }).renew()).status, 400);

        for (const cookie of ["nothing", of_ada]) {
          const over = pageOf(edge, { cookie });
          assert.equal(
            (await over.post("/auth/login", LOGIN)).status,
            200,
            "over what is worth nothing",
          );
          assert.equal((await over.renew()).status, 200);
        }
      },
    );

    await t.test("a plain login does not look at the cookie, from wherever it comes", async () => {
      const page = pageOf(edge);
      const { access_token } = await page.logIn(ADA, PASSWORD);
      for (const json of [
        { email: ADA, password: PASSWORD },
        { email: ADA, password: PASSWORD, cookie: false },
      ]) {
        for (const origin of [edge.origin, "https://evil.example"]) {
          const answer = await page.post("/auth/login", json, { headers: { origin } });
          assert.equal(answer.status, 200);
          assert.match(answer.body.refresh_token, /^egr_/);
          assert.equal(setCookieOf(answer), undefined);
        }
      }
      assert.ok(await goesOn(page, access_token));
    });

    await t.test(
      "registration in `open` signs in by cookie, over the one that was there",
      async () => {
        const page = pageOf(edge);
        const ada = await page.logIn(ADA, PASSWORD);
        const answer = await page.post("/auth/register", {
          email: "grace@example.com",
          password: NEW_PASSWORD,
          cookie: true,
        });
        assert.equal(answer.status, 201);
        assert.ok(
          !("refresh_token" in answer.body) && answer.body.user.email === "grace@example.com",
        );
        assert.ok(!(await goesOn(page, ada.access_token)));
        assert.equal((await page.renew()).status, 200);
        const plain = await page.post("/auth/register", {
          email: "joan@example.com",
          password: NEW_PASSWORD,
        });
        assert.deepEqual([plain.status, setCookieOf(plain)], [201, undefined]);
        assert.match(plain.body.refresh_token, /^egr_/);
      },
    );

    await t.test("a change of password puts the new session into the cookie", async () => {
      const page = pageOf(edge);
      const { access_token: token } = await page.logIn("joan@example.com", NEW_PASSWORD);
      const { cookie } = page;
      const change = { current_password: NEW_PASSWORD, new_password: PASSWORD, cookie: true };
      const refused = await page.post(
        "/auth/password/change",
        { ...change, current_password: "no" },
        { token },
      );
      assert.deepEqual([refused.status, page.cookie], [401, cookie]);
      const answer = await page.post("/auth/password/change", change, { token });
      assert.equal(answer.status, 200);
      assert.deepEqual(Object.keys(answer.body).sort(), [
        "access_token",
        "expires_in",
        "refresh_token_expires_in",
        "token_type",
      ]);
      assert.notEqual(page.cookie, cookie);
      assert.equal((await page.renew()).status, 200);
      assert.ok(!(await goesOn(page, token)));
      assert.equal((await pageOf(edge, { cookie }).renew()).body.error, "invalid_grant");
      // The password change raised the user's epoch, a counter that is copied into each refresh
      // token. This has already ended all sessions of the user. The service must not also write a
      // record to KV that ends this session. Such a write is unnecessary, and it could fail.
      const { sub, sid } = claimsOf(token);
      assert.equal(await edge.kv.get(`ended:${sub}:${sid}`), null);

      const back = { current_password: PASSWORD, new_password: NEW_PASSWORD };
      const plain = await page.post("/auth/password/change", back, {
        token: answer.body.access_token,
      });
      assert.match(plain.body.refresh_token, /^egr_/);
      assert.equal(
        setCookieOf(plain),
        undefined,
        "who asks for a token in the body gets no cookie",
      );
    });

    await t.test("who ends the session of the cookie has it cleared, and no other", async () => {
      const other = pageOf(edge);
      const { access_token: others, user } = await other.logIn("joan@example.com", NEW_PASSWORD);
      const end = async (session) => {
        const page = pageOf(edge);
        const { access_token: token } = await page.logIn("joan@example.com", NEW_PASSWORD);
        const id = session === "own" ? claimsOf(token).sid : claimsOf(others).sid;
        return page.call("DELETE", `/auth/sessions/${id}`, { token });
      };
      const own = await end("own");
      assert.deepEqual([own.status, isCleared(own)], [204, true]);
      const page = pageOf(edge);
      const { access_token: token } = await page.logIn("joan@example.com", NEW_PASSWORD);
      const rest = await page.call("DELETE", "/auth/sessions", { token });
      assert.deepEqual(
        [rest.status, setCookieOf(rest)],
        [204, undefined],
        "all others: not its own",
      );
      assert.equal((await other.renew()).status, 400);
      await other.logIn("joan@example.com", NEW_PASSWORD);

      const { access_token: admins } = await pageOf(edge).logIn(ROOT, PASSWORD);
      const stranger = pageOf(edge);
      await stranger.logIn(ADA, PASSWORD);
      const revoke = (page, token, options) =>
        page.call("POST", `/auth/users/${user.id}/revoke`, { token, ...options });
      const byAdmin = await revoke(stranger, admins);
      assert.deepEqual(
        [byAdmin.status, setCookieOf(byAdmin)],
        [204, undefined],
        "the cookie is another user's",
      );
      const again = await page.logIn("joan@example.com", NEW_PASSWORD);
      const noOrigin = await clientOf(edge).call("POST", `/auth/users/${user.id}/revoke`, {
        token: again.access_token,
        headers: { cookie: `${NAME}=${page.cookie}` },
      });
      assert.deepEqual(
        [noOrigin.status, setCookieOf(noOrigin)],
        [204, undefined],
        "the token alone does it, the cookie stays",
      );
      const last = await page.logIn("joan@example.com", NEW_PASSWORD);
      const all = await revoke(page, last.access_token);
      assert.deepEqual([all.status, isCleared(all)], [204, true]);

      const { access_token } = await page.logIn("joan@example.com", NEW_PASSWORD);
      const gone = await page.call("DELETE", "/auth/me", {
        token: access_token,
        json: { current_password: NEW_PASSWORD },
      });
      assert.deepEqual([gone.status, isCleared(gone)], [204, true]);
    });

    await t.test(
      "a reset clears the cookie of its user, and an administrator's deletion that of the deleted",
      async () => {
        const page = pageOf(edge);
        const { user } = await page.logIn("grace@example.com", NEW_PASSWORD);
        const stranger = pageOf(edge);
        const { access_token: token } = await stranger.logIn(ROOT, PASSWORD);
        await page.post("/auth/password/reset", { email: "grace@example.com" });
        const reset = ticketOf(await mailTo(edge, "grace@example.com", 1));
        const confirmed = await page.post("/auth/password/confirm", {
          token: reset,
          password: PASSWORD,
        });
        assert.deepEqual([confirmed.status, isCleared(confirmed)], [204, true]);

        await page.logIn("grace@example.com", PASSWORD);
        const deleted = await page.call("DELETE", `/auth/users/${user.id}`, { token });
        assert.deepEqual([deleted.status, isCleared(deleted)], [204, true]);
      },
    );

    await t.test("no cookie in the log", async () => {
      const page = pageOf(edge);
      await page.logIn(ADA, PASSWORD);
      const { cookie } = page;
      await clock(100);
      await page.renew();
      await page.post("/auth/token", { grant_type: "refresh_token", refresh_token: cookie });
      await page.post(
        "/auth/token",
        {},
        { headers: { cookie: `${NAME}=${cookie}; ${NAME}=${cookie}` } },
      );
      const out = await page.post("/auth/revoke", {});
      await lineOf(out);
      const text = JSON.stringify(logs());
      for (const secret of [String(cookie), String(cookie).slice(0, 30)])
        assert.ok(!text.includes(secret));
    });
  });
}

test("if every renewal rotates, the newest cookie always renews", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { ROTATE_AFTER: "0", REUSE: "strict", REFRESH_GRACE: "0" } }]);
  t.after(stop);
  const page = pageOf(edge);
  await page.logIn(ADA, PASSWORD);
  const seen = new Set([page.cookie]);
  for (let i = 0; i < 5; i++) {
    assert.equal((await page.renew()).status, 200);
    seen.add(page.cookie);
  }
  assert.equal(seen.size, 6);
});
