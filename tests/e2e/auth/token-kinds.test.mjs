// Sends access tokens, refresh tokens and the tokens of mailed links to the routes that accept
// another one of these kinds (RFC 8725 sections 3.11 and 3.12). Also sends a refresh token and a
// reset link in fifty simultaneous requests each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { count } from "../../count.mjs";
import { ADA, clientOf, PASSWORD } from "../client.mjs";
import { startWorker } from "../harness.mjs";
import { mails, mailTo, ticketOf } from "../outbox.mjs";

const GRACE = "grace@example.com";
const NEW_PASSWORD = "an analytical engine";

// For two values of `REGISTRATION`: the kind of token in the link that a new user gets by mail.
const MODES = { verified: "registration", open: "verification" };
let refused = 0;

for (const [mode, newcomer] of Object.entries(MODES)) {
  test(`a token is accepted only for its own purpose: ${mode}`, async (t) => {
    const edge = await startWorker({ vars: { REGISTRATION: mode } });
    t.after(() => edge.stop());
    const client = clientOf(edge);
    const { access_token: access, refresh_token: refresh } = await client.logIn(ADA);
    const mailed = async (email, path, options) => {
      const before = (await mails(edge)).filter(({ to }) => to === email).length;
      const answer = await client.post(path, options);
      assert.ok([201, 202].includes(answer.status), `${path}: ${answer.status}`);
      return ticketOf(await mailTo(edge, email, before));
    };
    const tokens = {
      access,
      refresh,
      reset: await mailed(ADA, "/auth/password/reset", { json: { email: ADA } }),
      [newcomer]: await mailed(GRACE, "/auth/register", {
        json: { email: GRACE, ...(mode === "open" && { password: PASSWORD }) },
      }),
      "new address": await mailed("ada@example.org", "/auth/email/change", {
        json: { email: "ada@example.org", current_password: PASSWORD },
        token: access,
      }),
    };
    for (const [kind, token] of Object.entries(tokens)) assert.ok(token, `a ${kind} token`);

    /** @type {Record<string, [own: string, status: number, ask: (token) => Promise<*>]>} */
    const doors = {
      "as a bearer": ["access", 401, (token) => client.authorized({ role: "user" }, token)],
      "/auth/token": [
        "refresh",
        400,
        (token) =>
          client.post("/auth/token", {
            form: { grant_type: "refresh_token", refresh_token: token },
          }),
      ],
      "/auth/password/confirm": [
        "reset",
        400,
        (token) =>
          client.post("/auth/password/confirm", { json: { token, password: NEW_PASSWORD } }),
      ],
      "/auth/email/verify": [
        newcomer,
        400,
        (token) => client.post("/auth/email/verify", { json: { token, password: NEW_PASSWORD } }),
      ],
      "/auth/email/confirm": [
        "new address",
        400,
        (token) => client.post("/auth/email/confirm", { json: { token } }),
      ],
    };
    for (const [door, [own, status, ask]] of Object.entries(doors)) {
      for (const [kind, token] of Object.entries(tokens).filter(([kind]) => kind !== own)) {
        const answer = await ask(token);
        assert.equal(
          answer.status,
          status,
          `a ${kind} token at ${door}: ${JSON.stringify(answer.body)}`,
        );
        refused++;
      }
    }
    // The revocation endpoint answers 200 to any token (RFC 7009 section 2.2). The tokens of mailed
    // links must not end a session.
    for (const kind of ["reset", newcomer, "new address"])
      await client.post("/auth/revoke", { form: { token: tokens[kind] } });
    assert.equal((await doors["as a bearer"][2](access)).status, 200, "the session is as it was");
    count(
      "token-kinds",
      `${refused} pairs of a kind of token and a door of another over HTTP, all refused`,
    );

    // The rest of the test runs with only one value of `REGISTRATION`, because nearly all of this
    // test's time is spent on hashing passwords.
    if (mode !== "verified") return;
    // Send the refresh token, and then the token of the reset link, fifty times at the same time.
    // The attempts above must not have invalidated them. The fifty requests together must have the
    // effect of a single request.
    const fifty = (ask) => Promise.all(Array.from({ length: 50 }, ask));
    const renewals = await fifty(() => doors["/auth/token"][2](refresh));
    assert.deepEqual([...new Set(renewals.map(({ status }) => status))], [200]);
    assert.equal(
      new Set(renewals.map(({ body }) => body.refresh_token)).size,
      1,
      "one successor for all fifty",
    );
    const resets = await fifty((_, i) =>
      client.post("/auth/password/confirm", {
        json: { token: tokens.reset, password: `${NEW_PASSWORD} ${i}` },
      }),
    );
    const won = resets.findIndex(({ status }) => status === 204);
    assert.deepEqual(resets.map(({ status }) => status).sort(), [204, ...Array(49).fill(400)]);
    await client.logIn(ADA, `${NEW_PASSWORD} ${won}`);
    count(
      "token-replays",
      `${renewals.length + resets.length} uses at once of a refresh token and of a reset link: one effect each`,
    );
  });
}
