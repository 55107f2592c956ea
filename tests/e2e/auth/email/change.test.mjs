import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { ADA, clientOf, PASSWORD, ROOT } from "../../client.mjs";
import { startWorker } from "../../harness.mjs";
import { mails, mailTo, ticketOf } from "../../outbox.mjs";

const NEW = "ada.lovelace@example.com";

let edge, client;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
beforeEach(() => edge.reset());
after(() => edge.stop());

const change = (token, email, current_password = PASSWORD) =>
  client.post("/auth/email/change", { token, json: { email, current_password } });
const confirm = (token) => client.post("/auth/email/confirm", { json: { token } });

test("confirmed at the new address, told to the old one; the sessions go on", async () => {
  const { access_token, refresh_token, user } = await client.logIn(ADA);
  assert.equal((await change(access_token, NEW)).status, 202);
  const asked = await mailTo(edge, ADA);
  assert.equal(ticketOf(asked), undefined, "the old address gets no link");
  const token = ticketOf(await mailTo(edge, NEW));
  assert.equal(
    (await client.get("/auth/me", { token: access_token })).body.email,
    ADA,
    "nothing yet",
  );
  assert.equal((await confirm(token)).status, 204);
  assert.deepEqual((({ status, body }) => [status, body.code])(await confirm(token)), [
    400,
    "invalid_link",
  ]);
  assert.equal((await client.authorized({ email: ADA }, access_token)).status, 401, "out of date");
  const renewed = (await client.renew(refresh_token)).body;
  assert.equal((await client.authorized({ email: NEW }, renewed.access_token)).status, 200);
  assert.equal((await client.logIn(NEW)).user.id, user.id);
  await mailTo(edge, ADA, 1);
});

test("a taken address: the same answer, and its owner is told", async () => {
  const { access_token } = await client.logIn(ADA);
  assert.equal((await change(access_token, ROOT)).status, 202);
  const mail = await mailTo(edge, ROOT);
  assert.match(mail.subject, /already have an account/);
  // With the link in this mail, the owner of the address can choose a new password. The link does
  // not confirm a change of an account's address.
  const answer = await confirm(ticketOf(mail));
  assert.deepEqual([answer.status, answer.body.code], [400, "invalid_link"]);
});

test("an address taken before the link is used: invalid_link, and nothing has changed", async () => {
  const [ada, root] = [await client.logIn(ADA), await client.logIn(ROOT)];
  assert.equal((await change(ada.access_token, NEW)).status, 202);
  const adas = ticketOf(await mailTo(edge, NEW));
  assert.equal((await change(root.access_token, NEW)).status, 202);
  const roots = ticketOf(await mailTo(edge, NEW, 1));
  assert.equal((await confirm(roots)).status, 204);
  assert.deepEqual((({ status, body }) => [status, body.code])(await confirm(adas)), [
    400,
    "invalid_link",
  ]);
  await client.logIn(ADA);
});

test("what is wrong sends nothing", async () => {
  const { access_token } = await client.logIn(ADA);
  for (const [token, email, password, status, code] of [
    [undefined, NEW, PASSWORD, 401, "invalid_token"],
    [access_token, NEW, "nothing she chose", 401, "invalid_credentials"],
    [access_token, "ada", PASSWORD, 422, "invalid_field"],
    [access_token, ADA, PASSWORD, 422, "invalid_field"],
  ]) {
    const answer = await change(token, email, password);
    assert.deepEqual([answer.status, answer.body.code], [status, code]);
  }
  assert.deepEqual(await mails(edge), []);
});
