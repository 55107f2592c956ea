// Cookie mode, on both session stores. tests/browser/cookie-mode.test.mjs tests what the browser
// does with the cookie.
import assert from "node:assert/strict";
import { request as rawRequest } from "node:http";
import { test } from "node:test";
import { ADA, claimsOf, clientOf, PASSWORD, ROOT } from "./client.mjs";
import { isCleared, NAME, pageOf, setCookieOf } from "./cookie-jar.mjs";
import { newId, nowSeconds, refreshToken } from "./forge.mjs";
import { TEST_VARS } from "./harness.mjs";
import { mailTo, ticketOf } from "./outbox.mjs";
import { startWorkers } from "./workers.mjs";

const DAY = 86_400;
const NEW_PASSWORD = "an analytical engine";
const ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict";
const REFUSED_ORIGINS = [
  undefined,
  "null",
  "",
  "http://127.0.0.1:8787/",
  "http://127.0.0.1:8787.evil.example",
  "http://evil.example/http://127.0.0.1:8787",
  "http://127.0.0.1:87871",
  "http://127.0.0.1:878",
  "http://127.0.0.1",
  "https://127.0.0.1:8787",
  "HTTP://127.0.0.1:8787",
  "http://localhost:8787",
  "http://127.0.0.1:8787, http://127.0.0.1:8787",
  "https://evil.example",
];

const login = { email: ADA, password: PASSWORD, cookie: true };
const goesOn = async (page, access_token) =>
  (await page.client.authorized({ role: "user" }, access_token)).status === 200;

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
      const answer = await page.post("/auth/login", login);
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
        // Only a client whose address is known can be recognised later.
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
          { ...login, password: "not her password" },
          { ...login, email: "nobody@example.com" },
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
            (await over.post("/auth/login", login)).status,
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
      // The new epoch has ended all sessions. Another write to end this one would be useless, and
      // it could fail.
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

    await t.test(
      "from another origin, or from none that can be named: 403, and nothing is done",
      async () => {
        const page = pageOf(edge);
        const { access_token: token } = await page.logIn(ADA, PASSWORD);
        const before = await sessionsOf(page, token);
        for (const origin of REFUSED_ORIGINS) {
          const headers = { ...page.headers(), origin };
          if (origin === undefined) delete headers.origin;
          for (const [path, json] of /** @type {[path: string, json: object][]} */ ([
            ["/auth/token", { grant_type: "refresh_token" }],
            ["/auth/revoke", {}],
            ["/auth/login", login],
            ["/auth/register", { email: "eve@example.com", password: PASSWORD, cookie: true }],
            [
              "/auth/password/change",
              { current_password: PASSWORD, new_password: NEW_PASSWORD, cookie: true },
            ],
          ])) {
            const answer = await clientOf(edge).post(path, { json, headers, token });
            assert.deepEqual(
              [answer.status, answer.body.code, setCookieOf(answer)],
              [403, "forbidden", undefined],
              `${origin}: ${path}`,
            );
            // Apps of every origin may read the answers of the endpoints of OAuth, without cookies.
            const isForApps = path === "/auth/token" || path === "/auth/revoke";
            const readers = answer.headers.get("access-control-allow-origin");
            assert.equal(readers, isForApps ? "*" : null);
            assert.equal(answer.headers.get("access-control-allow-credentials"), null);
            assert.equal(
              answer.headers.get("www-authenticate"),
              null,
              "another token would not help",
            );
          }
        }
        assert.deepEqual(await sessionsOf(page, token), before);
        assert.equal((await page.renew()).status, 200);
        assert.equal(
          await edge.db
            .prepare("SELECT count(*) AS n FROM users WHERE email = 'eve@example.com'")
            .first("n"),
          0,
        );
      },
    );

    await t.test(
      "a form, and text that is JSON, never use the cookie, though any page can send them",
      async () => {
        const page = pageOf(edge);
        const { access_token } = await page.logIn(ADA, PASSWORD);
        const json = '{"grant_type":"refresh_token"}';
        const form = "application/x-www-form-urlencoded";
        for (const [path, type, body, status] of [
          ["/auth/token", form, "grant_type=refresh_token", 400],
          ["/auth/token", "text/plain", json, 415],
          ["/auth/token", "text/plain; application/json", json, 415],
          ["/auth/token", "multipart/form-data; boundary=x", json, 415],
          ["/auth/revoke", form, "", 400],
          ["/auth/revoke", form, "token_type_hint=refresh_token", 400],
          ["/auth/revoke", "text/plain", "{}", 415],
          ["/auth/login", form, `email=${ADA}&password=${PASSWORD}&cookie=true`, 415],
          ["/auth/login", "text/plain", JSON.stringify(login), 415],
        ]) {
          for (const origin of [edge.origin, "https://evil.example"]) {
            const headers = { "content-type": type, origin };
            const answer = await page.call("POST", path, { body, headers });
            assert.deepEqual(
              [answer.status, setCookieOf(answer)],
              [status, undefined],
              `${path} ${type} ${origin}`,
            );
          }
        }
        // Without a content type, as when a page sends a Blob.
        const blob = await edge.fetch("/auth/revoke", {
          method: "POST",
          headers: page.headers(),
          body: new Uint8Array([123, 125]),
        });
        assert.equal(blob.status, 415);
        assert.ok(await goesOn(page, access_token));
        for (const value of ["true", 1, null, {}]) {
          const answer = await page.post("/auth/login", { ...login, cookie: value });
          assert.deepEqual(
            [answer.status, answer.body.code],
            [400, "invalid_request"],
            JSON.stringify(value),
          );
        }
      },
    );

    await t.test(
      "a token in the body and the cookie at once: 400, in JSON and in a form",
      async () => {
        const page = pageOf(edge);
        const { access_token } = await page.logIn(ADA, PASSWORD);
        const { access_token: others, refresh_token } = await page.client.logIn(ADA);
        for (const token of [refresh_token, page.cookie, "nothing", ""]) {
          for (const body of ["json", "form"]) {
            const renewal = await page.call("POST", "/auth/token", {
              [body]: { grant_type: "refresh_token", refresh_token: token },
            });
            assert.deepEqual(
              [renewal.status, renewal.body.error, setCookieOf(renewal)],
              [400, "invalid_request", undefined],
            );
            const out = await page.call("POST", "/auth/revoke", { [body]: { token } });
            assert.deepEqual(
              [out.status, out.body.error, setCookieOf(out)],
              [400, "invalid_request", undefined],
            );
          }
        }
        assert.ok((await goesOn(page, access_token)) && (await goesOn(page, others)));
        const omitting = pageOf(edge);
        const renewal = await omitting.post("/auth/token", {
          grant_type: "refresh_token",
          refresh_token,
        });
        assert.deepEqual(
          [renewal.status, renewal.body.refresh_token, setCookieOf(renewal)],
          [200, refresh_token, undefined],
        );
        const bearer = await page.renew({ token: access_token });
        assert.equal(bearer.status, 200, "an access token beside the cookie is nobody's business");
      },
    );

    await t.test(
      "a cookie that is there twice is refused, and none of the two is cleared",
      async () => {
        const page = pageOf(edge);
        const { access_token } = await page.logIn(ADA, PASSWORD);
        const planted = pageOf(edge);
        await planted.logIn(ROOT, PASSWORD);
        const both = [
          `${NAME}=${page.cookie}; ${NAME}=${planted.cookie}`,
          `${NAME}=${page.cookie}; x=1; ${NAME}=`,
        ];
        for (const cookie of both) {
          for (const [path, json] of /** @type {[path: string, json: object][]} */ ([
            ["/auth/token", { grant_type: "refresh_token" }],
            ["/auth/revoke", {}],
            ["/auth/login", login],
          ])) {
            const answer = await page.post(path, json, { headers: { cookie } });
            const code = answer.body.error ?? answer.body.code;
            assert.deepEqual(
              [answer.status, code, setCookieOf(answer)],
              [400, "invalid_request", undefined],
              path,
            );
          }
        }
        // Two header lines, which no browser sends: the runtime joins them into one text, which is
        // not a token.
        const lines = await raw(edge, [
          ["Cookie", `${NAME}=${page.cookie}`],
          ["Cookie", `${NAME}=${planted.cookie}`],
        ]);
        assert.equal(lines.status, 400);
        assert.ok(await goesOn(page, access_token));
      },
    );

    await t.test("cookies of other names, and a Cookie header without end", async () => {
      const page = pageOf(edge);
      await page.logIn(ADA, PASSWORD);
      for (const name of [
        "Edgegate-8787",
        "EDGEGATE-8787",
        "__Host-edgegate",
        "__Host-edgegate-8787",
        "__Secure-edgegate-8787",
        "edgegate",
        "edgegate-8788",
        "edgegate-87872",
        "xedgegate-8787",
        "edgegate-8787.sig",
        "edgegate-8787 ",
      ]) {
        const answer = await page.renew({ headers: { cookie: `${name}=${page.cookie}` } });
        assert.deepEqual(
          [answer.status, answer.body.error],
          [400, "invalid_grant"],
          `${name}: as without a cookie`,
        );
      }
      const among = await page.renew({
        headers: { cookie: `${"a=b; ".repeat(1000)}${NAME}=${page.cookie};c=d` },
      });
      assert.equal(among.status, 200);
      for (const cookie of [
        `${NAME}=${"x".repeat(17_000)}`,
        `x=${"y".repeat(16_400)}; ${NAME}=${page.cookie}`,
      ]) {
        const answer = await page.renew({ headers: { cookie } });
        assert.deepEqual(
          [answer.status, answer.body.error, setCookieOf(answer)],
          [400, "invalid_request", undefined],
        );
      }
    });

    await t.test("no GET uses, changes or sets it", async () => {
      const page = pageOf(edge);
      await page.logIn(ADA, PASSWORD);
      for (const method of ["GET", "HEAD"]) {
        for (const [path, status] of [
          ["/auth/me", 401],
          ["/auth/sessions", 401],
          ["/auth/authorized?role=user", 401],
          ["/auth/token?grant_type=refresh_token", 405],
          ["/auth/revoke", 405],
          ["/auth/login", 405],
        ]) {
          const answer = await page.call(method, path, {
            headers: { "content-type": "application/json" },
          });
          assert.deepEqual(
            [answer.status, setCookieOf(answer)],
            [status, undefined],
            `${method} ${path}`,
          );
        }
      }
      assert.equal((await page.renew()).status, 200);
    });

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

async function sessionsOf(page, token) {
  const { body } = await page.client.get("/auth/sessions", { token });
  return body.sessions.map(({ id }) => id).sort();
}

/** A renewal with these header lines, which `fetch` would join. */
function raw(edge, lines) {
  const headers = [
    ["Host", new URL(edge.url).host],
    ["Origin", edge.origin],
    ["Content-Type", "application/json"],
    ...lines,
  ];
  return new Promise((resolve, reject) => {
    const request = rawRequest(
      new URL("/auth/token", edge.url),
      { method: "POST", headers: headers.flat() },
      (answer) => {
        answer.resume().on("end", () => resolve({ status: answer.statusCode }));
      },
    );
    request.on("error", reject).end('{"grant_type":"refresh_token"}');
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

test("registration by mail sets nothing, and asks for the origin all the same", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { REGISTRATION: "verified" } }]);
  t.after(stop);
  const json = { email: "new@example.com", cookie: true };
  const asked = await pageOf(edge).post("/auth/register", json);
  assert.deepEqual([asked.status, setCookieOf(asked)], [202, undefined]);
  const refused = await pageOf(edge, { origin: "https://evil.example" }).post(
    "/auth/register",
    json,
  );
  assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"]);
});

test("a deployed service: __Host- and Secure, and its own origin alone", async (t) => {
  const issuer = "https://auth.example.com";
  const vars = { ISSUER: issuer, LIMITS: "on", REGISTRATION: "open" };
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars }]);
  t.after(stop);
  const name = "__Host-edgegate";
  const page = pageOf(edge, { origin: issuer, name });
  const account = { email: "grace@example.com", password: NEW_PASSWORD, cookie: true };
  const begun = await page.post("/auth/register", account);
  assert.equal(begun.status, 201);
  const [device, signOn, session] = begun.headers.getSetCookie().sort();
  assert.match(device, /^__Host-edgegate-device=egd_/);
  assert.match(
    signOn,
    /^__Host-edgegate-sso=egs_[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=7776000$/,
  );
  assert.match(
    session,
    /^__Host-edgegate=egr_[\w-]{122}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=7776000$/,
  );
  assert.equal((await page.renew()).status, 200);
  const { cookie } = page;
  const local = await pageOf(edge, { origin: issuer, cookie }).renew();
  assert.deepEqual(
    [local.status, local.body.error],
    [400, "invalid_grant"],
    "`edgegate` could be planted by a neighbour",
  );
  // The request was sent to a loopback address, but that address is not an allowed origin here.
  for (const origin of [
    new URL(edge.url).origin,
    "http://localhost:8787",
    "http://auth.example.com",
    "https://www.auth.example.com",
  ]) {
    const answer = await pageOf(edge, { origin, name, cookie }).renew();
    assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"], origin);
  }
  const out = await page.post("/auth/revoke", {});
  assert.deepEqual(out.headers.getSetCookie(), [
    "__Host-edgegate=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0",
    "__Host-edgegate-sso=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
  ]);
});

test("local development: the loopback origin that the request came to, and no other", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{}]);
  t.after(stop);
  const own = new URL(edge.url).origin;
  assert.notEqual(own, TEST_VARS.ISSUER);
  for (const [origin, status] of /** @type {[origin: string, status: number][]} */ ([
    [own, 200],
    [TEST_VARS.ISSUER, 200],
    [own.replace("127.0.0.1", "localhost"), 403],
    ["http://127.0.0.1", 403],
  ])) {
    assert.equal(
      (await pageOf(edge, { origin }).post("/auth/login", login)).status,
      status,
      origin,
    );
  }
});

test("ALLOWED_ORIGINS: pages of another host on the same site, and when it is taken off the list, no more", async (t) => {
  const app = "https://app.example.com";
  const {
    workers: [listed, unlisted],
    stop,
  } = await startWorkers([{ vars: { ALLOWED_ORIGINS: `http://localhost:5173, ${app}` } }, {}]);
  t.after(stop);
  const page = pageOf(listed, { origin: app });
  await page.logIn(ADA, PASSWORD);
  const renewed = await page.renew();
  assert.equal(renewed.status, 200);
  assert.equal(renewed.headers.get("access-control-allow-origin"), app);
  for (const origin of [
    `${app}/`,
    `${app}:443`,
    `${app}.evil.example`,
    "https://xapp.example.com",
    "https://App.example.com",
    "http://app.example.com",
  ]) {
    assert.equal(
      (await pageOf(listed, { origin, cookie: page.cookie }).renew()).status,
      403,
      origin,
    );
  }
  assert.equal((await pageOf(unlisted, { origin: app, cookie: page.cookie }).renew()).status, 403);
});

// RFC 6265 section 8.5: cookies do not provide isolation by port.
test("two local services in one browser don't sign each other out", async (t) => {
  const origins = ["http://127.0.0.1:8787", "http://127.0.0.1:8788"];
  const { workers, stop } = await startWorkers(origins.map((ISSUER) => ({ vars: { ISSUER } })));
  t.after(stop);
  /** The browser's jar for 127.0.0.1, whatever the port. */
  const jar = new Map();
  const post = async (at, path, json) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { origin: origins[at], ...(cookie && { cookie }) };
    const answer = await clientOf(workers[at]).post(path, { headers, json });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      if (value) jar.set(name, value);
      else jar.delete(name);
    }
    return answer.status;
  };
  const renew = (at) => post(at, "/auth/token", { grant_type: "refresh_token" });
  for (const at of [0, 1]) assert.equal(await post(at, "/auth/login", login), 200);
  for (const at of [0, 1, 0, 1]) assert.equal(await renew(at), 200);
  assert.equal(await post(0, "/auth/revoke", {}), 200);
  assert.deepEqual([await renew(0), await renew(1)], [400, 200]);
});
