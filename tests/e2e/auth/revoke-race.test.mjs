// Revokes sessions while renewals are in progress. The local storage answers at once and in order,
// so no call would overtake another and the test would prove nothing. Therefore the test delays
// each storage call by 5 to 15 ms. For each of three routes, the table says what a Worker
// guarantees after it has answered a request to this route:
//
// | route | renewals that begin later | access tokens, issued before or during the revocation |
// |---|---|---|
// | POST /auth/users/{id}/revoke | refused | refused |
// | DELETE /auth/sessions | refused, for the sessions in the list | refused |
// | POST /auth/revoke | refused | refused |
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, clientOf } from "../client.mjs";
import { makeSession } from "../forge.mjs";
import { startWorkers } from "../workers.mjs";

const SESSIONS = 48;
/** @type {Record<string, (client, owner, sessions) => Promise<void>>} */
const ENDINGS = {
  "POST /auth/users/{id}/revoke": async (client, { user, access_token }) =>
    assert.equal(
      (await client.post(`/auth/users/${user.id}/revoke`, { token: access_token })).status,
      204,
    ),
  "DELETE /auth/sessions": async (client, { access_token }) =>
    assert.equal((await client.del("/auth/sessions", { token: access_token })).status, 204),
  "POST /auth/revoke, for each": async (client, _, sessions) => {
    await Promise.all(
      sessions.map(async (session) => {
        assert.equal(
          (await client.post("/auth/revoke", { form: { token: session.token } })).status,
          200,
        );
        session.isOver = true;
      }),
    );
  },
};

for (const store of ["kv", "durable"]) {
  for (const [what, end] of Object.entries(ENDINGS)) {
    test(`${store}: ${what} against ${SESSIONS} sessions that renew`, async (t) => {
      const {
        workers: [edge],
        stop,
      } = await startWorkers([{ vars: { SESSION_STORE: store, ROTATE_AFTER: "0" } }]);
      t.after(stop);
      const client = clientOf(edge);
      const owner = await client.logIn(ADA);
      const sessions = await Promise.all(
        Array.from({ length: SESSIONS }, async (_, i) =>
          makeSession(edge, store, owner.user.id, 600 + i),
        ),
      );
      await edge.control({ delay: [5, 15] });

      const handedOut = [];
      let answered = false;
      const counts = { before: 0, inFlight: 0, refusedInFlight: 0, later: 0 };
      let allRenewed;
      const everyOneHas = new Promise((resolve) => (allRenewed = resolve));
      const renewing = sessions.map(async (session) => {
        for (;;) {
          const begunAfter = answered || session.isOver;
          const { status, body } = await client.renew(session.token);
          if (status !== 200) {
            assert.deepEqual([status, body.error], [400, "invalid_grant"]);
            if (begunAfter) return;
            counts.refusedInFlight += 1;
            continue;
          }
          session.token = body.refresh_token;
          handedOut.push(body.access_token);
          counts[begunAfter ? "later" : answered || session.isOver ? "inFlight" : "before"] += 1;
          if (begunAfter) return;
          if (handedOut.length >= SESSIONS * 2) allRenewed();
        }
      });
      await everyOneHas;
      await end(client, owner, sessions);
      answered = true;
      await Promise.all(renewing);

      console.log(
        `race, ${store}, ${what}: ${counts.before} renewals before the answer, ${counts.inFlight} that were in flight got through ` +
          `and ${counts.refusedInFlight} were refused, ${counts.later} began after it and got through`,
      );
      assert.equal(counts.later, 0, "no renewal that begins after the answer succeeds");
      const passed = await Promise.all(
        handedOut.map(async (token) => (await client.authorized({ role: "user" }, token)).status),
      );
      assert.deepEqual([...new Set(passed)], [401], "no access token outlives it");
      const later = await Promise.all(sessions.map(({ token }) => client.renew(token)));
      assert.ok(later.every(({ status }) => status === 400));
      const ownerGoesOn = what === "POST /auth/users/{id}/revoke" ? 401 : 200;
      assert.equal(
        (await client.authorized({ role: "user" }, owner.access_token)).status,
        ownerGoesOn,
      );
    });
  }
}
