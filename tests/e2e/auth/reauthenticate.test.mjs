// Tests POST /auth/reauthenticate, with which users prove that they know their password, and the
// operations that require a recent proof. The tests of the first group run with both session
// stores.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { inRoot } from "../../../scripts/project/root.mjs";
import { ADA, claimsOf, clientOf, PASSWORD, ROOT, untilLimited } from "../client.mjs";
import { isCleared, pageOf } from "../cookie-jar.mjs";
import { makeSession, nowSeconds, refreshToken } from "../forge.mjs";
import { startWorkers } from "../workers.mjs";

for (const store of ["kv", "durable"]) {
  test(`reauthentication with SESSION_STORE = "${store}"`, async (t) => {
    const vars = { SESSION_STORE: store };
    const strict = { ...vars, ROTATE_AFTER: "0", REUSE: "strict" };
    const {
      workers: [edge, rotating],
      eventsOf,
      stop,
    } = await startWorkers([{ vars }, { vars: strict }]);
    t.after(stop);
    const clock = (seconds) =>
      Promise.all([edge, rotating].map((worker) => worker.control({ clock: seconds })));
    t.beforeEach(() => clock(0));
    const client = clientOf(edge);
    const prove = (access_token, json = { password: PASSWORD }, of = client) =>
      of.post("/auth/reauthenticate", { token: access_token, json });
    const del = (token, id) => client.del(`/auth/users/${id}`, { token });
    const NOBODY = "01920000-0000-7000-8000-000000000000";

    await t.test(
      "a new pair, the same session, a new auth_time; then what was refused is done",
      async () => {
        const login = await client.logIn(ROOT);
        await clock(600);
        const old = (await client.renew(login.refresh_token)).body;
        const before = claimsOf(old.access_token);
        assert.equal(before.auth_time, claimsOf(login.access_token).auth_time);
        const refused = await del(old.access_token, NOBODY);
        assert.deepEqual(
          [refused.status, refused.body.code, refused.body.max_age],
          [401, "reauthentication_required", 600],
        );
        assert.match(
          refused.headers.get("www-authenticate"),
          /^Bearer .*error="insufficient_user_authentication", .*max_age="600"$/,
        );
        const proved = await prove(old.access_token);
        assert.equal(proved.status, 200);
        assert.deepEqual(Object.keys(proved.body).sort(), Object.keys(login).sort());
        const after = claimsOf(proved.body.access_token);
        assert.equal(after.sid, before.sid);
        assert.ok(after.auth_time >= before.auth_time + 600);
        assert.equal((await del(proved.body.access_token, NOBODY)).status, 404);
        const [event] = await eventsOf(proved);
        assert.deepEqual(
          [event.event, event.user_id, event.session_id],
          ["reauthenticated", login.user.id, after.sid],
        );
        // After the proof, both the old and the new refresh token are valid. A renewal with either
        // of them keeps the proof.
        await clock(800);
        const renewed = (await client.renew(proved.body.refresh_token)).body;
        assert.equal(claimsOf(renewed.access_token).auth_time, after.auth_time);
        assert.equal((await client.renew(old.refresh_token)).status, 200);
        assert.equal(
          claimsOf((await client.renew(old.refresh_token)).body.access_token).auth_time,
          after.auth_time,
          "the record has it too",
        );
      },
    );

    await t.test("in cookie mode the cookie's token is replaced, its session goes on", async () => {
      const page = pageOf(rotating);
      const login = await page.logIn(ROOT, PASSWORD);
      const renewed = (await page.renew()).body;
      // The service replaces the refresh token in the cookie, even if the request's access token is
      // older than that refresh token.
      for (const [seconds, token] of [
        [10, renewed.access_token],
        [20, login.access_token],
      ]) {
        await clock(seconds);
        const held = page.cookie;
        const proved = await page.post(
          "/auth/reauthenticate",
          { password: PASSWORD, cookie: true },
          { token },
        );
        assert.equal(proved.status, 200);
        assert.equal(proved.body.refresh_token, undefined);
        assert.notEqual(page.cookie, held);
        assert.equal(claimsOf(proved.body.access_token).sid, claimsOf(login.access_token).sid);
      }
      for (let n = 0; n < 3; n++) assert.equal((await page.renew()).status, 200);
    });

    await t.test(
      "a cookie of another session is left alone: somebody has signed in since",
      async () => {
        const [page, own] = [pageOf(edge), await client.logIn(ROOT)];
        await page.logIn(ADA, PASSWORD);
        const adas = page.cookie;
        const answer = await page.post(
          "/auth/reauthenticate",
          { password: PASSWORD, cookie: true },
          { token: own.access_token },
        );
        assert.deepEqual([answer.status, answer.body.code], [401, "invalid_token"]);
        assert.equal(answer.headers.get("set-cookie"), null);
        assert.equal(page.cookie, adas);
        assert.equal((await page.renew()).status, 200);
        assert.equal((await client.renew(own.refresh_token)).status, 200);
      },
    );

    await t.test(
      "the cookie takes JSON and an allowed origin; without it the cookie is left alone",
      async () => {
        const own = await client.logIn(ROOT);
        for (const origin of [undefined, "null", "https://evil.example"]) {
          const headers = {
            ...(origin && { origin }),
            cookie: `edgegate-8787=${own.refresh_token}`,
          };
          const answer = await client.post("/auth/reauthenticate", {
            token: own.access_token,
            headers,
            json: { password: PASSWORD, cookie: true },
          });
          assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"]);
          assert.equal(answer.headers.get("set-cookie"), null);
        }
        const page = pageOf(edge);
        await page.logIn(ROOT, PASSWORD);
        const held = page.cookie;
        const answer = await page.client.post("/auth/reauthenticate", {
          token: own.access_token,
          headers: page.headers(),
          json: { password: PASSWORD },
        });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get("set-cookie"), null);
        page.cookie = held;
        assert.ok(!isCleared(await page.renew()));
        const form = await client.post("/auth/reauthenticate", {
          token: own.access_token,
          form: { password: PASSWORD },
        });
        assert.equal(form.status, 415);
      },
    );

    await t.test("what is wrong proves nothing", async () => {
      const own = await client.logIn(ADA);
      const token = own.access_token;
      for (const [bearer, json, status, code] of [
        [undefined, { password: PASSWORD }, 401, "invalid_token"],
        [own.refresh_token, { password: PASSWORD }, 401, "invalid_token"],
        [token, { password: "nothing she chose" }, 401, "invalid_credentials"],
        [token, { password: "" }, 401, "invalid_credentials"],
        [token, { password: "x".repeat(129) }, 422, "invalid_field"],
        [token, {}, 422, "invalid_field"],
        [token, { password: null }, 400, "invalid_request"],
        [token, { password: PASSWORD, user: own.user.id }, 400, "invalid_request"],
        [token, { password: PASSWORD, refresh_token: own.refresh_token }, 400, "invalid_request"],
        [token, { password: PASSWORD, cookie: "yes" }, 400, "invalid_request"],
      ]) {
        const answer = await prove(bearer, json);
        assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(json));
      }
      await client.post("/auth/revoke", { form: { token: own.refresh_token } });
      assert.equal((await prove(token)).status, 401);
    });

    await t.test("ten at once all succeed, and each of their refresh tokens renews", async () => {
      const strictly = clientOf(rotating);
      const own = await strictly.logIn(ROOT);
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => prove(own.access_token, undefined, strictly)),
      );
      assert.deepEqual(
        answers.map(({ status }) => status),
        Array(10).fill(200),
      );
      const renewed = await Promise.all(
        answers.map(({ body }) => strictly.renew(body.refresh_token)),
      );
      assert.deepEqual(
        renewed.map(({ status }) => status),
        Array(10).fill(200),
      );
    });

    await t.test("a refresh token that was spent is not made new", async () => {
      const strictly = clientOf(rotating);
      const own = await strictly.logIn(ROOT);
      await strictly.renew(own.refresh_token);
      const answer = await prove(own.access_token, undefined, strictly);
      assert.deepEqual([answer.status, answer.body.code], [401, "invalid_token"]);
    });

    await t.test("a session from before proofs: its login is the proof", async () => {
      const { user } = await client.logIn(ROOT);
      const stores = { kv: edge.kv, objects: edge.objects };
      const { session, token } = await makeSession(stores, store, user.id, 700);
      const renewed = await client.renew(token);
      assert.equal(renewed.status, 200);
      const claims = claimsOf(renewed.body.access_token);
      assert.equal(claims.sid, session);
      assert.ok(Math.abs(claims.auth_time - (nowSeconds() - 700)) < 5);
      assert.equal(
        (await del(renewed.body.access_token, NOBODY)).body.code,
        "reauthentication_required",
      );
      // One refresh token has a newer proof of the password than the session. After a renewal with
      // this token, the session stores that proof. Then a renewal with a token that has an older
      // proof also gets the newer proof.
      const expires_at = nowSeconds() + 80_000;
      const proved = refreshToken({
        user: user.id,
        session,
        counter: 1,
        expires_at,
        auth_time: nowSeconds(),
      });
      await clock(100);
      assert.equal((await client.renew(proved)).status, 200);
      await clock(200);
      const older = refreshToken({ user: user.id, session, counter: 2, expires_at });
      const { body } = await client.renew(older);
      assert.ok(claimsOf(body.access_token).auth_time > claims.auth_time);
    });

    await t.test("one administrator remains, also when two remove each other", async () => {
      const root = await client.logIn(ROOT);
      const path = `/auth/users/${root.user.id}`;
      const token = root.access_token;
      for (const answer of [
        await client.patch(path, { token, json: { roles: ["user"] } }),
        await client.patch(path, { token, json: { disabled: true } }),
        await client.del(path, { token }),
        await client.del("/auth/me", { token, json: { current_password: PASSWORD } }),
      ]) {
        assert.deepEqual([answer.status, answer.body.code], [409, "last_administrator"]);
      }
      const ada = await client.logIn(ADA);
      assert.equal(
        (await client.patch(`/auth/users/${ada.user.id}`, { token, json: { roles: ["admin"] } }))
          .status,
        200,
      );
      const adas = (await client.logIn(ADA)).access_token;
      const both = await Promise.all([
        client.del(`/auth/users/${ada.user.id}`, { token }),
        client.patch(path, { token: adas, json: { disabled: true } }),
      ]);
      assert.equal(
        both.filter(({ status }) => status < 300).length,
        1,
        both.map(({ status }) => status).join(),
      );
      const { results } = await edge.db
        .prepare("SELECT id FROM users WHERE disabled_at IS NULL AND roles LIKE '%\"admin\"%'")
        .all();
      assert.equal(results.length, 1);
    });
  });
}

test("guesses are limited like a login's", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { LIMITS: "on" } }]);
  t.after(stop);
  const client = clientOf(edge);
  const { access_token: token } = await client.logIn(ADA);
  const answers = await untilLimited(10, (n) =>
    client.post("/auth/reauthenticate", { token, json: { password: `guess number ${n}` } }),
  );
  assert.deepEqual([answers[0].status, answers.at(-1).status], [401, 429]);
});

test("the search for another administrator reads the index only, and only for administrators", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{}]);
  t.after(stop);
  const plan = async (statement) => {
    const { results } = await edge.db.prepare(`EXPLAIN QUERY PLAN ${statement}`).all();
    return results.map(({ detail }) => detail).join("; ");
  };
  const other = `SELECT 1 FROM users AS other WHERE other.id <> '1' AND other.disabled_at IS NULL AND other.password_hash <> '!' AND instr(other.roles, '"admin"') > 0`;
  assert.match(await plan(other), /users_administrators/);
});

for (const [what, name, columns, names] of [
  ["proofs", "add_proofs", "auth_time INTEGER, amr INTEGER", "auth_time, amr"],
  ["apps", "add_apps", "client TEXT, sign_on TEXT", "client, sign_on"],
])
  test(`an object's table from before ${what} gets the columns once, and keeps its rows`, () => {
    const source = readFileSync(
      inRoot("src/adapters/cloudflare/durable_sessions/table.rs"),
      "utf8",
    );
    const begin = source.indexOf(`    fn ${name}(`);
    assert.ok(begin > 0, name);
    // The function ends at the first closing brace with the function's own indentation.
    const part = source.slice(begin, source.indexOf("\n    }\n", begin));
    const [asks, ...alters] = [...part.matchAll(/"((?:SELECT|ALTER)[^"]*)"/g)].map(
      ([, sql]) => sql,
    );
    assert.equal(alters.length, 2);
    const made = /** @type {string} */ (
      source.match(/"(CREATE TABLE IF NOT EXISTS session [^"]*)"/)?.[1].replace(/\\\n\s*/g, "")
    );
    const old = made.replace(`, ${columns}`, "");
    assert.notEqual(old, made);
    for (const [create, statements] of /** @type {[create: string, statements: number][]} */ ([
      [old, 2],
      [made, 0],
    ])) {
      const db = new DatabaseSync(":memory:");
      db.exec(create);
      db.exec(
        "INSERT INTO session (id, epoch, last_used_at, lives_until, seen) VALUES ('a', 1, 2, 3, 'x')",
      );
      let run = 0;
      // `prepare` runs this statement each time a user's Durable Object starts.
      for (let start = 0; start < 3; start++) {
        db.exec(made);
        try {
          db.prepare(asks).all();
          continue;
        } catch (error) {
          assert.match(/** @type {Error} */ (error).message, /no such column/);
        }
        for (const alter of alters) {
          db.exec(alter);
          run += 1;
        }
      }
      assert.equal(run, statements);
      const [one, two] = names.split(", ");
      assert.deepEqual(
        { ...db.prepare(`SELECT id, epoch, ${names} FROM session`).get() },
        { id: "a", epoch: 1, [one]: null, [two]: null },
      );
    }
  });
