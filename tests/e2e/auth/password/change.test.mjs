import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { ADA, clientOf, PASSWORD, untilLimited } from "../../client.mjs";
import { startWorker } from "../../harness.mjs";
import { mails, mailTo } from "../../outbox.mjs";

const NEW_PASSWORD = "an analytical engine";

let edge, client;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
beforeEach(() => edge.reset());
after(() => edge.stop());

const change = (token, current_password, new_password = NEW_PASSWORD) =>
  client.post("/auth/password/change", { token, json: { current_password, new_password } });

test("every session ends, a fresh one begins, the owner is told", async () => {
  const [own, other] = [await client.logIn(ADA), await client.logIn(ADA)];
  const { status, body } = await change(own.access_token, PASSWORD);
  assert.equal(status, 200);
  assert.equal(body.user, undefined);
  for (const { access_token, refresh_token } of [own, other]) {
    assert.equal((await client.renew(refresh_token)).status, 400);
    assert.equal((await client.get("/auth/me", { token: access_token })).status, 401);
  }
  assert.equal((await client.get("/auth/me", { token: body.access_token })).status, 200);
  assert.equal((await client.renew(body.refresh_token)).status, 200);
  assert.equal(
    (await client.post("/auth/login", { json: { email: ADA, password: PASSWORD } })).status,
    401,
  );
  await client.logIn(ADA, NEW_PASSWORD);
  assert.match((await mailTo(edge, ADA)).subject, /changed/);
});

test("what is wrong changes nothing", async () => {
  const { access_token } = await client.logIn(ADA);
  for (const [token, current, next, status, code] of [
    [undefined, PASSWORD, NEW_PASSWORD, 401, "invalid_token"],
    [access_token, "nothing she chose", NEW_PASSWORD, 401, "invalid_credentials"],
    [access_token, PASSWORD, "short", 422, "weak_password"],
    [access_token, "x".repeat(129), NEW_PASSWORD, 422, "invalid_field"],
  ]) {
    const answer = await change(token, current, next);
    assert.deepEqual([answer.status, answer.body.code], [status, code]);
  }
  await client.logIn(ADA);
  assert.deepEqual(await mails(edge), []);
});

test("guesses at the current password are limited like a login's", async (t) => {
  const limited = await startWorker({ vars: { LIMITS: "on" } });
  t.after(() => limited.stop());
  const guesser = clientOf(limited);
  const { access_token: token } = await guesser.logIn(ADA);
  const answers = await untilLimited(10, (n) => {
    const json = { current_password: `guess number ${n}`, new_password: NEW_PASSWORD };
    return guesser.post("/auth/password/change", { token, json });
  });
  assert.deepEqual([answers[0].status, answers.at(-1).status], [401, 429]);
});
