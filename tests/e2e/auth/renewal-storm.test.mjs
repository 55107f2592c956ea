// Nobody is logged out by mistake, even if many responses are lost. The test has many sessions.
// Each session is shared by four clients, which act like tabs of one browser. Each client renews
// the session five times. About one fifth of all responses is lost, and then the client repeats its
// request. The test runs in workerd, with sessions in KV and in Durable Objects, and with two
// values of ROTATE_AFTER. `npm run test:wide` uses 1,000 sessions.
//
// ROTATE_AFTER is the age in seconds at which a refresh token is replaced:
//
// - 90: each client renews at its own pace. After two renewals of each client the test moves the
//   service's clock forward by 100 s, so every session rotates twice.
// - 0: every renewal replaces the token. A client that is one renewal behind would look like a
//   thief (docs/storage.md). Therefore the four clients send the same token at the same time.
//
// Apart from the moves above, the service's clock stands still, because on a slow machine half a
// minute can pass between a response and the retry.
//
// The sessions are forged (by forge.mjs), because this number of real logins would take minutes of
// password hashing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pool } from "undici";
import { count } from "../../count.mjs";
import { wide } from "../../wide.mjs";
import { chunks, makeSession, makeUsers } from "../forge.mjs";
import { startWorkers } from "../workers.mjs";

const SESSIONS = wide(64, 1000);
const [USERS, CLIENTS, RENEWALS_EACH, LOST] = [100, 4, 5, 0.2];
const SESSIONS_AT_ONCE = 12;
const MOST_BROKEN = 100;

test(`${SESSIONS} sessions, 20 renewals each from 4 clients, 20 % of the responses lost: nobody is logged out`, {
  concurrency: true,
}, async (t) => {
  const runs = ["kv", "durable"].flatMap((store) =>
    [0, 90].map((rotateAfter) => ({ store, rotateAfter })),
  );
  let renewals = 0;
  await Promise.all(
    runs.map((run, index) =>
      t.test(`${run.store}, ROTATE_AFTER=${run.rotateAfter}`, async () => {
        // Don't write `renewals += await …`. That expression would read `renewals` before it waits,
        // and would lose what the other three runs add in the meantime.
        const made = await storm(run, index + 1);
        renewals += made;
      }),
    ),
  );
  count(
    "renewal-storm",
    `${renewals} renewals of ${SESSIONS} sessions in four settings, a fifth of the responses lost: nobody logged out`,
  );
});

async function storm({ store, rotateAfter }, seed) {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { SESSION_STORE: store, ROTATE_AFTER: `${rotateAfter}` } }]);
  const pool = new Pool(edge.url.origin, { connections: SESSIONS_AT_ONCE * CLIENTS });
  try {
    // `remember` caches the users, and `quiet` turns the log off. Without them the test would take
    // much longer: it would read the user for each request. In `npm run test:wide` it would also
    // write about 25,000 log lines in each of the four settings.
    const now = Math.floor(Date.now() / 1000);
    await edge.control({ remember: true, quiet: true, at: now });
    const users = await makeUsers(edge.db, USERS);
    const sessions = [];
    for (const some of chunks(
      Array.from({ length: SESSIONS }, (_, i) => users[i % USERS]),
      50,
    )) {
      // The sessions are ten minutes old, so their first token is due for rotation.
      sessions.push(
        ...(await Promise.all(some.map((user) => makeSession(edge, store, user, 600)))),
      );
    }

    const counts = { renewals: 0, repeated: 0, broken: 0, refusals: /** @type {string[]} */ ([]) };
    const lost = randomFrom(seed);
    const renew = async (token) => {
      for (;;) {
        const answer = await postToken(pool, token).catch((error) => ({ error }));
        if ("error" in answer) {
          // For the client, a broken connection has the same effect as a lost response, so the
          // client repeats the request. But if many connections break, the Worker has crashed and
          // the test fails.
          counts.broken += 1;
          if (counts.broken > MOST_BROKEN) throw answer.error;
          continue;
        }
        const { status, body } = answer;
        if (status !== 200) counts.refusals.push(`${status} ${body}`);
        // About one fifth of the responses is treated as lost: the client acts as if it had not
        // seen the response, and sends the same token again.
        if (lost() >= LOST) {
          counts.renewals += 1;
          return status === 200 ? JSON.parse(body).refresh_token : token;
        }
        counts.repeated += 1;
      }
    };
    const begun = performance.now();
    const clients = sessions.map(({ token }) => Array(CLIENTS).fill(token));
    if (rotateAfter === 0) {
      await forEach(clients, async (tokens) => {
        for (let round = 1; round <= RENEWALS_EACH; round++) {
          tokens.splice(0, CLIENTS, ...(await Promise.all(tokens.map(renew))));
          assert.equal(new Set(tokens).size, 1, "all clients of a session have the same token");
        }
      });
    } else {
      const each = (times) => (tokens) =>
        Promise.all(
          tokens.map(async (_, client) => {
            for (let i = 0; i < times; i++) tokens[client] = await renew(tokens[client]);
          }),
        );
      await forEach(clients, each(2));
      await edge.control({ at: now + 100 });
      await forEach(clients, each(RENEWALS_EACH - 2));
    }
    const seconds = (performance.now() - begun) / 1000;

    const { verdicts } = await edge.control({});
    console.log(
      `storm, ${store}, ROTATE_AFTER=${rotateAfter}: ${SESSIONS} sessions, ${counts.renewals} renewals, ${counts.repeated} more thrown away ` +
        `and repeated, ${counts.broken} lost by themselves, ${counts.refusals.length} refused; ${JSON.stringify(verdicts)}; ${seconds.toFixed(1)} s`,
    );
    assert.deepEqual(counts.refusals, []);
    assert.equal(counts.renewals, SESSIONS * CLIENTS * RENEWALS_EACH);
    assert.ok(counts.repeated > (counts.renewals * LOST) / 2);
    const decided = Object.values(verdicts).reduce((sum, count) => sum + count);
    assert.ok(decided - counts.renewals - counts.repeated <= counts.broken);
    assert.ok(
      verdicts.fresh >= SESSIONS * 2 && verdicts.repeated > SESSIONS,
      "it did rotate, and did repeat",
    );
    assert.deepEqual(
      Object.keys(verdicts).filter((verdict) => !["fresh", "repeated", "kept"].includes(verdict)),
      [],
    );
    const last = await Promise.all(clients.map(([token]) => postToken(pool, token)));
    assert.ok(
      last.every(({ status }) => status === 200),
      "every session goes on",
    );
    return counts.renewals;
  } finally {
    await pool.destroy();
    await stop();
  }
}

async function postToken(pool, token) {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: "/auth/token",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: `grant_type=refresh_token&refresh_token=${token}`,
  });
  return { status: statusCode, body: await body.text() };
}

async function forEach(items, work) {
  const left = items.values();
  await Promise.all(
    Array.from({ length: SESSIONS_AT_ONCE }, async () => {
      for (const item of left) await work(item);
    }),
  );
}

/**
 * Returns a random number generator with a seed (linear congruential). So every run of the test
 * loses the same responses, provided that the requests come in the same order.
 */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
