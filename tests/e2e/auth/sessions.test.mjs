import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, claimsOf, clientOf, PASSWORD, ROOT } from "../client.mjs";
import { makeSession, newId } from "../forge.mjs";
import { startWorker } from "../harness.mjs";
import { startWorkers } from "../workers.mjs";

const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";
const SAFARI =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";
const UNKNOWN = { browser: null, os: null, type: null };

const sidOf = ({ access_token }) => claimsOf(access_token).sid;

for (const store of ["kv", "durable"]) {
  test(`${store}: what the list shows`, async (t) => {
    const edge = await startWorker({ vars: { SESSION_STORE: store } });
    const client = clientOf(edge);
    t.after(() => edge.stop());
    const logIn = (agent, options = {}) =>
      client.logIn(ADA, PASSWORD, {
        ...options,
        headers: { ...options.headers, "user-agent": agent },
      });
    const list = async ({ access_token }) => {
      const { status, body } = await client.get("/auth/sessions", { token: access_token });
      assert.equal(status, 200);
      return body.sessions;
    };

    await t.test(
      "the device, or null where the User-Agent tells nothing; never more than 256 characters of it",
      async () => {
        const hostile = "<script>alert(1)</script> (".padEnd(10_000, "((a/1 ;;");
        const quoted = `Mozilla/5.0 "quoted\\" '; DROP TABLE session;-- J\u00f6rg`;
        const agents = [CHROME, FIREFOX, SAFARI, "curl/8.5.0", "", hostile, quoted];
        const begun = [];
        for (const agent of agents) begun.push(await logIn(agent));
        const shown = await list(begun.at(-1));
        assert.deepEqual(
          shown.map(({ id }) => id),
          begun.map(sidOf).reverse(),
          "the newest first",
        );
        const [chrome, firefox, safari, curl, none, script, sql] = [...shown].reverse();
        assert.deepEqual(chrome.device, { browser: "Chrome", os: "Windows", type: "desktop" });
        assert.deepEqual(firefox.device, { browser: "Firefox", os: "Linux", type: "desktop" });
        assert.deepEqual(safari.device, { browser: "Safari", os: "iOS", type: "mobile" });
        assert.equal(curl.user_agent, "curl/8.5.0");
        assert.deepEqual([curl.device.os, curl.device.type], [null, null]);
        assert.deepEqual([none.user_agent, none.device], ["", UNKNOWN]);
        assert.equal(script.user_agent, hostile.slice(0, 256));
        assert.equal(sql.user_agent, quoted.replace("\u00f6", "?"));
        assert.deepEqual(
          [chrome.user_agent, firefox.user_agent, safari.user_agent],
          [CHROME, FIREFOX, SAFARI],
        );
      },
    );

    await t.test("place and network, as the platform tells them", async () => {
      const places = [
        [
          {
            cf: { country: "DE", city: "Leipzig" },
            headers: { "cf-connecting-ip": "203.0.113.77" },
          },
          { country: "DE", city: "Leipzig" },
          "203.0.113.0",
        ],
        [
          {
            cf: { country: "T1", city: null },
            headers: { "cf-connecting-ip": "2001:db8:0:12ff::1" },
          },
          { country: "T1", city: null },
          "2001:db8:0:1200::",
        ],
        [
          { cf: { country: "<b>", city: "x".repeat(500) } },
          { country: null, city: "x".repeat(64) },
        ],
        [{ cf: { country: 1, city: { toString: "x" } } }, { country: null, city: null }],
      ];
      for (const [options, place, network] of places) {
        const [newest] = await list(await logIn(FIREFOX, options));
        assert.deepEqual(newest.place, place);
        if (network) assert.equal(newest.network, network);
      }
    });

    await t.test("which one is this, and never another user's", async () => {
      const [one, other, root] = [
        await logIn(FIREFOX),
        await logIn(CHROME),
        await client.logIn(ROOT),
      ];
      for (const asking of [one, other]) {
        const current = (await list(asking)).filter(({ current }) => current).map(({ id }) => id);
        assert.deepEqual(current, [sidOf(asking)]);
      }
      assert.deepEqual(
        (await list(root)).map(({ id }) => id),
        [sidOf(root)],
      );
      assert.ok(!(await list(one)).some(({ id }) => id === sidOf(root)));
    });

    await t.test("without a good token: 401, whatever the id", async () => {
      const { access_token } = await logIn(FIREFOX);
      for (const token of [undefined, "", "x", `${access_token}x`]) {
        for (const [method, path] of [
          ["GET", "/auth/sessions"],
          ["DELETE", "/auth/sessions"],
          ["DELETE", `/auth/sessions/${newId()}`],
          ["DELETE", "/auth/sessions/x"],
        ]) {
          const answer = await client.call(method, path, { token });
          assert.equal(answer.status, 401, `${method} ${path} ${token}`);
          assert.match(answer.headers.get("www-authenticate"), /^Bearer/);
        }
      }
    });
  });

  test(`${store}: begun, last used, and the order`, async (t) => {
    const {
      workers: [edge],
      stop,
    } = await startWorkers([{ vars: { SESSION_STORE: store } }]);
    const client = clientOf(edge);
    t.after(stop);
    const one = await client.logIn(ADA, PASSWORD, { headers: { "user-agent": CHROME } });
    const begun = claimsOf(one.access_token).iat;
    await edge.control({ clock: 50 });
    await client.renew(one.refresh_token);
    await edge.control({ clock: 100 });
    const two = await client.logIn(ADA);
    const shown = async () =>
      (await client.get("/auth/sessions", { token: two.access_token })).body.sessions;
    const near = (actual, expected) =>
      assert.ok(actual - expected >= 0 && actual - expected < 30, `${actual}, not ${expected}`);

    let [newest, oldest] = await shown();
    assert.deepEqual([newest.id, oldest.id], [sidOf(two), sidOf(one)]);
    assert.deepEqual(
      [oldest.begun_at, oldest.last_used_at],
      [begun, begun],
      "a token that is kept is no use",
    );
    near(newest.begun_at, begun + 100);

    await edge.control({ clock: 200 });
    await client.renew(one.refresh_token, { headers: { "user-agent": FIREFOX } });
    [newest, oldest] = await shown();
    assert.deepEqual(
      [newest.id, oldest.id],
      [sidOf(two), sidOf(one)],
      "the one used last stays in its place",
    );
    near(oldest.last_used_at, begun + 200);
    assert.equal(oldest.begun_at, begun);
    assert.equal(oldest.device.browser, "Firefox", "the client that used it last");
  });

  test(`${store}: ending`, async (t) => {
    const {
      workers: [edge],
      stop,
    } = await startWorkers([{ vars: { SESSION_STORE: store } }]);
    const client = clientOf(edge);
    t.after(stop);
    const ids = async ({ access_token }) => {
      const { status, body } = await client.get("/auth/sessions", { token: access_token });
      return status === 200 ? body.sessions.map(({ id }) => id) : status;
    };
    const end = ({ access_token }, sid) =>
      client.del(`/auth/sessions/${sid}`, { token: access_token });
    const isOver = async ({ access_token, refresh_token }) => {
      assert.equal((await client.renew(refresh_token)).body.error, "invalid_grant");
      assert.equal((await client.authorized({ role: "user" }, access_token)).status, 401);
      assert.equal((await client.get("/auth/me", { token: access_token })).status, 401);
    };
    const goesOn = async ({ access_token, refresh_token }) => {
      assert.equal((await client.renew(refresh_token)).status, 200);
      assert.equal((await client.authorized({ role: "user" }, access_token)).status, 200);
    };
    const three = async () => [
      await client.logIn(ADA),
      await client.logIn(ADA),
      await client.logIn(ADA),
    ];
    t.beforeEach(async () => {
      const { user, access_token } = await client.logIn(ADA);
      assert.equal(
        (await client.post(`/auth/users/${user.id}/revoke`, { token: access_token })).status,
        204,
      );
    });

    await t.test(
      "one of them: it is over, the others go on, and a repeat finds nothing",
      async () => {
        const [one, two, current] = await three();
        const answer = await end(current, sidOf(one));
        assert.deepEqual(
          [answer.status, answer.body, answer.headers.get("cache-control")],
          [204, "", "no-store"],
        );
        await isOver(one);
        await goesOn(two);
        await goesOn(current);
        assert.deepEqual(await ids(current), [sidOf(current), sidOf(two)]);
        assert.equal((await end(current, sidOf(one))).status, 404);
      },
    );

    await t.test("the current one", async () => {
      const [one, , current] = await three();
      assert.equal((await end(current, sidOf(current))).status, 204);
      await isOver(current);
      assert.equal((await end(current, sidOf(one))).status, 401, "it says nothing any more");
      await goesOn(one);
    });

    await t.test("all others", async () => {
      const [one, two, current] = await three();
      const root = await client.logIn(ROOT);
      const answer = await client.del("/auth/sessions", { token: current.access_token });
      assert.deepEqual([answer.status, answer.body], [204, ""]);
      await isOver(one);
      await isOver(two);
      await goesOn(current);
      await goesOn(root);
      assert.deepEqual(await ids(current), [sidOf(current)]);
      assert.equal(
        (await client.del("/auth/sessions", { token: current.access_token })).status,
        204,
        "there need be no others",
      );
    });

    await t.test("an id that is none of one's sessions: 404; another user's goes on", async () => {
      const [current, root] = [await client.logIn(ADA), await client.logIn(ROOT)];
      const old = await makeSession(edge, store, root.user.id, 600);
      const malformed = [
        "x",
        "..%2f",
        newId().toUpperCase(),
        newId().replaceAll("-", ""),
        `${newId()}0`,
        "%00",
        "1' OR '1'='1",
        current.user.id.replace("-7", "-4"),
      ];
      for (const sid of [newId(1_700_000_000), old.session, ...malformed]) {
        const { status, body } = await end(current, sid);
        assert.deepEqual([status, body.code], [404, "not_found"], sid);
      }
      assert.equal((await end(current, sidOf(root))).status, 404, "of another user");
      await goesOn(root);
      assert.equal((await client.renew(old.token)).status, 200);
      const left = await ids(root);
      assert.ok(left.includes(old.session) && left.includes(sidOf(root)));
    });

    await t.test("log out and revoke-all take sessions off the list", async () => {
      const [one, two, current] = await three();
      assert.equal(
        (await client.post("/auth/revoke", { form: { token: one.refresh_token } })).status,
        200,
      );
      assert.deepEqual(await ids(current), [sidOf(current), sidOf(two)]);
      assert.equal(
        (
          await client.post(`/auth/users/${current.user.id}/revoke`, {
            token: current.access_token,
          })
        ).status,
        204,
      );
      assert.equal(await ids(current), 401);
      const again = await client.logIn(ADA);
      assert.deepEqual(await ids(again), [sidOf(again)]);
    });

    await t.test("one that was not used for SESSION_IDLE_TTL is over", async () => {
      const { user } = await client.logIn(ROOT);
      const idle = await makeSession(edge, store, user.id, 29 * 86_400);
      assert.ok((await ids(await client.logIn(ROOT))).includes(idle.session));
      await edge.control({ clock: 2 * 86_400 });
      assert.equal((await client.renew(idle.token)).body.error, "invalid_grant");
      // In KV, the store itself deletes expired records, and the test can't move the clock of KV.
      if (store === "durable")
        assert.ok(!(await ids(await client.logIn(ROOT))).includes(idle.session));
      await edge.control({ clock: 0 });
    });
  });
}
