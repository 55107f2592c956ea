// For each renewal with a genuine refresh token, the log contains the verdict and the session. It
// never contains a token.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, claimsOf, clientOf, PASSWORD, ROOT } from "../client.mjs";
import { makeSession, newId, nowSeconds, refreshToken } from "../forge.mjs";
import { mails } from "../outbox.mjs";
import { startWorkers } from "../workers.mjs";

const from = (agent, ip = "203.0.113.7") => ({
  headers: { "user-agent": agent, "cf-connecting-ip": ip },
});
const DAY = 86_400;

for (const store of ["kv", "durable"]) {
  test(`${store}: every verdict is logged with its session, none with a token`, async (t) => {
    const {
      workers: [edge],
      logs,
      logged,
      lineOf,
      stop,
    } = await startWorkers([{ vars: { SESSION_STORE: store } }]);
    t.after(stop);
    const client = clientOf(edge);
    const login = await client.logIn(ADA);
    const { user } = login;
    const secrets = [login.access_token, login.refresh_token];

    /**
     * Renews a session. Checks that the log line and the answer are the ones that belong to this
     * verdict.
     */
    const renew = async (token, session, verdict, agent = from("Firefox")) => {
      const answer = await client.renew(token, agent);
      const { status, body } = answer;
      secrets.push(token, body.refresh_token, body.access_token);
      const goesOn = ["kept", "fresh", "repeated", "late"].includes(verdict);
      assert.equal(status, goesOn ? 200 : 400, verdict);
      const line = await lineOf(answer);
      assert.deepEqual(
        [line.path, line.status, line.level, line.session_id, line.verdict],
        ["/auth/token", status, goesOn ? "info" : "warn", session, verdict],
      );
      if (!goesOn)
        assert.deepEqual(
          [body.error, Object.keys(body).length],
          ["invalid_grant", 2],
          "the client is not told why",
        );
      return { token: body.refresh_token, line };
    };

    await renew(login.refresh_token, claimsOf(login.access_token).sid, "kept");

    const { session, token } = await makeSession(edge, store, user.id, 600);
    const first = await renew(token, session, "fresh");
    assert.equal((await renew(token, session, "repeated")).line.reason, undefined);
    assert.equal(
      (await renew(token, session, "repeated", from("Firefox", "203.0.113.99"))).line.reason,
      undefined,
      "the same network",
    );
    for (const other of [from("Chrome"), from("Firefox", "198.51.100.1")]) {
      const shared = await renew(token, session, "repeated", other);
      assert.equal(shared.line.reason, "refresh_token_shared");
      assert.equal(shared.token, first.token);
    }
    await edge.control({ clock: 60 });
    assert.equal((await renew(token, session, "late")).token, first.token);
    const isMail = ({ event }) => event === "mail";
    assert.ok(!logs().some(isMail));
    await renew(token, session, "reused", from("Chrome"));
    const { level, mail, outcome } = await logged(isMail);
    assert.deepEqual([level, mail, outcome], ["info", "session_ended", "sent"]);
    assert.equal((await mails(edge))[0].to, ADA);
    await renew(first.token, session, "ended");
    await edge.control({ clock: 0 });

    const idle = await makeSession(edge, store, user.id, 29 * DAY);
    await edge.control({ clock: 2 * DAY });
    await renew(idle.token, idle.session, "idle");
    await edge.control({ clock: 0 });

    const spent = await makeSession(edge, store, user.id, 600);
    const last = {
      user: user.id,
      session: spent.session,
      expires_at: nowSeconds() + DAY,
      counter: 2 ** 32 - 1,
    };
    await renew(refreshToken(last), spent.session, "expired");
    await renew(
      refreshToken({ ...last, counter: 0, expires_at: nowSeconds() }),
      spent.session,
      "expired",
    );

    const never = newId(nowSeconds() - 600);
    await renew(refreshToken({ ...last, session: never, counter: 0 }), never, "unknown");
    const future = newId(nowSeconds() + 600);
    await renew(refreshToken({ ...last, session: future, counter: 0 }), future, "unknown");
    await renew(refreshToken({ ...last, epoch: 1, counter: 0 }), spent.session, "other_epoch");
    await renew(refreshToken({ ...last, user: newId(), counter: 0 }), spent.session, "no_user");

    const root = await client.logIn(ROOT);
    const disabled = await client.patch(`/auth/users/${user.id}`, {
      token: root.access_token,
      json: { disabled: true },
    });
    assert.equal(disabled.status, 200);
    await renew(spent.token, spent.session, "no_user");

    await client.renew(`${token}x`);
    await lineOf(await client.post("/auth/revoke", { form: { token: root.refresh_token } }));
    assert.equal(logs().filter(isMail).length, 1);
    const text = JSON.stringify(logs());
    assert.ok(!/egr_|eyJ/.test(text), "no refresh token and no access token");
    const parts = secrets
      .filter(Boolean)
      .flatMap((secret) => secret.split(/[._]/))
      .filter((part) => part.length >= 20);
    for (const part of parts) assert.ok(!text.includes(part.slice(-20)));
    for (const secret of [PASSWORD, ADA, "Firefox", "203.0.113"])
      assert.ok(!text.includes(secret), secret);
  });
}
