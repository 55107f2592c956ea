// Keys can be changed without logging anyone out, in three steps: first the new key is appended to
// the list, then it is moved to the front, and finally the old key is removed. While a step is
// rolled out, some instances of the Worker already have the new configuration and others still have
// the old one, and both serve the same users. For each step, this test simulates that with two
// Workers that share their storage.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { ADA, clientOf, PASSWORD } from "./client.mjs";
import { makeSession, refreshToken } from "./forge.mjs";
import { TEST_SECRETS } from "./harness.mjs";
import { startWorkers } from "./workers.mjs";

const OLD = TEST_SECRETS.TICKET_SECRET;
const NEW = Buffer.from(Array.from({ length: 32 }, (_, i) => i * 7 + 3)).toString("base64url");
const [OLD_KEY] = JSON.parse(TEST_SECRETS.SIGNING_KEYS).keys;
const NEW_KEY = {
  ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }),
  kid: "new",
};

const jwks = (...keys) => JSON.stringify({ keys });
const STEPS = {
  TICKET_SECRET: { old: OLD, appended: `${OLD},${NEW}`, promoted: `${NEW},${OLD}`, dropped: NEW },
  SIGNING_KEYS: {
    old: jwks(OLD_KEY),
    appended: jwks(OLD_KEY, NEW_KEY),
    promoted: jwks(NEW_KEY, OLD_KEY),
    dropped: jwks(NEW_KEY),
  },
};
const PAIRS = [
  ["old", "appended"],
  ["appended", "promoted"],
  ["promoted", "dropped"],
];
const FIREFOX = { headers: { "user-agent": "Firefox", "cf-connecting-ip": "203.0.113.7" } };

const kidOf = ({ access_token }) =>
  JSON.parse(Buffer.from(access_token.split(".")[0], "base64url").toString()).kid;

for (const store of ["kv", "durable"]) {
  for (const [setting, values] of Object.entries(STEPS)) {
    for (const pair of PAIRS) {
      test(`${store}, ${setting}: ${pair.join(" beside ")}`, async (t) => {
        const vars = { SESSION_STORE: store, ROTATE_AFTER: "0" };
        const settings = pair.map((step) => ({ vars, secrets: { [setting]: values[step] } }));
        const { workers, stop } = await startWorkers(settings);
        t.after(stop);
        const clients = workers.map(clientOf);
        // The old key is removed only after the new key has been the first in the list for the
        // lifetime of a session. By then everything that was signed with the old key, or got a MAC
        // with it, has expired.
        for (const [one, other] of [clients, [...clients].reverse()]) {
          let { refresh_token, access_token, user } = await one.logIn(ADA, PASSWORD, FIREFOX);
          for (const client of [other, one, other, other, one]) {
            assert.equal(
              (await client.authorized({ user_id: user.id }, access_token)).status,
              200,
              "checked by either",
            );
            assert.equal((await client.get("/auth/me", { token: access_token })).status, 200);
            const first = await client.renew(refresh_token, FIREFOX);
            assert.equal(first.status, 200, "renewed by either");
            const answers = await Promise.all(
              clients.map((each) => each.renew(refresh_token, FIREFOX)),
            );
            assert.deepEqual(
              answers.map(({ status }) => status),
              [200, 200],
              "repeated at either",
            );
            for (const { body } of answers) {
              assert.equal(
                (await client.renew(body.refresh_token, FIREFOX)).status,
                200,
                "whoever sealed the successor",
              );
            }
            ({ refresh_token, access_token } = (
              await client.renew(first.body.refresh_token, FIREFOX)
            ).body);
          }
          assert.equal(
            (await one.post("/auth/revoke", { form: { token: refresh_token } })).status,
            200,
          );
          assert.equal((await other.renew(refresh_token)).body.error, "invalid_grant");
        }
      });
    }
  }

  test(`${store}: a token seen again after the grace is its owner's, whichever Worker saw it first`, async (t) => {
    for (const pair of PAIRS) {
      const vars = { SESSION_STORE: store, ROTATE_AFTER: "0", REUSE: "same_client" };
      const { workers, lineOf, stop } = await startWorkers(
        pair.map((step) => ({ vars, secrets: { TICKET_SECRET: STEPS.TICKET_SECRET[step] } })),
      );
      t.after(stop);
      const clients = workers.map(clientOf);
      for (const [first, second] of [
        [0, 1],
        [1, 0],
      ]) {
        const { refresh_token } = await clients[first].logIn(ADA, PASSWORD, FIREFOX);
        assert.equal((await clients[first].renew(refresh_token, FIREFOX)).status, 200);
        for (const worker of workers) await worker.control({ clock: 600 });
        const again = await clients[second].renew(refresh_token, FIREFOX);
        assert.equal(again.status, 200, `${pair.join(" beside ")}: late, not reused`);
        assert.equal((await lineOf(again)).verdict, "late");
        assert.equal((await clients[first].renew(again.body.refresh_token, FIREFOX)).status, 200);
        // A renewal with the old token from another browser is still rejected.
        const stranger = await clients[second].renew(refresh_token, {
          headers: { "user-agent": "Chrome" },
        });
        assert.equal(stranger.body.error, "invalid_grant");
        for (const worker of workers) await worker.control({ clock: 0 });
      }
    }
  });

  test(`${store}: what the dropped secret sealed, and what the dropped key signed, is nothing any more`, async (t) => {
    const [appended, dropped] = ["appended", "dropped"].map((step) => ({
      vars: { SESSION_STORE: store },
      secrets: { TICKET_SECRET: STEPS.TICKET_SECRET[step], SIGNING_KEYS: STEPS.SIGNING_KEYS[step] },
    }));
    const {
      workers: [before, after],
      stop,
    } = await startWorkers([appended, dropped]);
    t.after(stop);
    const [old, young] = [clientOf(before), clientOf(after)];
    const login = await old.logIn(ADA);
    assert.equal(kidOf(login), OLD_KEY.kid);
    assert.equal((await young.renew(login.refresh_token)).body.error, "invalid_grant");
    assert.equal((await young.authorized({ role: "user" }, login.access_token)).status, 401);
    assert.equal((await old.renew(login.refresh_token)).status, 200, "and that ended nothing");
    const { user, session } = await makeSession(before, store, login.user.id, 600);
    const expires_at = Math.floor(Date.now() / 1000) + 86_400;
    for (const [secret, status] of /** @type {[secret: string, status: number][]} */ ([
      [NEW, 200],
      [OLD, 400],
    ])) {
      assert.equal(
        (await young.renew(refreshToken({ user, session, expires_at }, secret))).status,
        status,
      );
    }
    const published = async (client) =>
      (await client.get("/.well-known/jwks.json")).body.keys.map(({ kid }) => kid);
    assert.deepEqual(
      [await published(old), await published(young)],
      [[OLD_KEY.kid, "new"], ["new"]],
    );
  });
}
