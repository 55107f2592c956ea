// If the database is restored to an earlier state, revocations after that time are lost. The
// command `edgegate restored` repairs this.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withTickets } from "../../npm/edgegate-worker/cli/lib/operator.js";
import { raiseCounters } from "../../npm/edgegate-worker/cli/restored.js";
import { ADA, claimsOf, clientOf } from "./client.mjs";
import { startWorkers } from "./workers.mjs";

for (const store of ["kv", "durable"]) {
  test(`with ${store}, after a restore and the command: nothing from before renews, and new tokens are good`, async (t) => {
    const {
      workers: [edge],
      stop,
    } = await startWorkers([{ vars: { SESSION_STORE: store } }]);
    t.after(stop);
    const client = clientOf(edge);
    const isGood = async (token) =>
      (await client.authorized({ role: "user" }, token)).status === 200;
    const before = await client.logIn(ADA);
    const { sub } = claimsOf(before.access_token);
    const row = await edge.db
      .prepare("SELECT version, session_epoch FROM users WHERE id = ?")
      .bind(sub)
      .first();
    for (let time = 0; time < 3; time += 1) {
      const { access_token } = await client.logIn(ADA);
      assert.equal(
        (await client.post(`/auth/users/${sub}/revoke`, { token: access_token })).status,
        204,
      );
    }
    const { access_token: last } = await client.logIn(ADA);
    assert.equal(await isGood(last), true);
    const restore = edge.db.prepare("UPDATE users SET version = ?, session_epoch = ? WHERE id = ?");
    await restore.bind(row.version, row.session_epoch, sub).run();

    // Before the repair, the restored database does not contain the revocation, so the revoked
    // session can be renewed again.
    assert.equal((await client.renew(before.refresh_token)).status, 200);
    // New tokens are rejected, except with "durable": there a check of an access token compares it
    // with the user's row or a copy of it, and not with a record in KV.
    assert.equal(await isGood((await client.logIn(ADA)).access_token), store === "durable");

    // Each account has a nonce, and a mailed link is valid only while its account's nonce is
    // unchanged. The repair changes all nonces, so no link that was mailed before the restore works
    // any more.
    const nonces = async () =>
      (await edge.db.prepare("SELECT link_nonce FROM users").all()).results.map(
        ({ link_nonce }) => link_nonce,
      );
    const earlier = await nonces();
    const query = (sql, ...params) =>
      edge.db
        .prepare(sql)
        .bind(...params)
        .run();
    const raised = await withTickets(
      { query, origin: edge.url.origin, scope: "restore" },
      raiseCounters,
    );
    assert.equal(raised, earlier.length);
    const later = await nonces();
    assert.equal(new Set([...earlier, ...later]).size, 2 * earlier.length);
    for (const nonce of later) assert.match(nonce, /^[0-9a-f]{32}$/);
    // With KV a check compares an access token with no row, so it accepts this one until it expires.
    // With "durable" the token has an outdated version.
    assert.equal(await isGood(last), store === "kv");
    assert.equal((await client.get("/auth/me", { token: last })).status, 401);
    assert.equal((await client.renew(before.refresh_token)).status, 400);
    const after = await client.logIn(ADA);
    assert.equal(await isGood(after.access_token), true);
    assert.equal((await client.get("/auth/me", { token: after.access_token })).status, 200);
    // After the repair, revocations work again.
    assert.equal(
      (await client.post(`/auth/users/${sub}/revoke`, { token: after.access_token })).status,
      204,
    );
    assert.equal(await isGood(after.access_token), false);
    assert.equal(await isGood((await client.logIn(ADA)).access_token), true);
  });
}
