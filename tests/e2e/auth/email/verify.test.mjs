import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, clientOf, PASSWORD } from "../../client.mjs";
import { startWorker } from "../../harness.mjs";
import { mails, mailTo, ticketOf } from "../../outbox.mjs";

const GRACE = "grace@example.com";
const NEW_PASSWORD = "an analytical engine";
const verify = (client, token, password = NEW_PASSWORD) =>
  client.post("/auth/email/verify", { json: { token, password } });
const users = async (edge) => (await edge.db.prepare("SELECT count(*) AS n FROM users").first()).n;

test("verified: nothing is written before the mailbox's owner chooses the password", async (t) => {
  const edge = await startWorker();
  t.after(() => edge.stop());
  const client = clientOf(edge);
  await client.logIn(ADA);
  const before = await users(edge);
  const typed = {
    email: GRACE,
    first_name: "Win a prize at evil.example",
    last_name: "<b>Hopper</b>",
  };
  const answer = await client.post("/auth/register", { json: typed });
  assert.deepEqual([answer.status, answer.body], [202, ""]);
  const mail = await mailTo(edge, GRACE);
  for (const text of ["evil.example", "Hopper", GRACE])
    assert.ok(!(mail.text + mail.html).includes(text), `nothing typed: ${text}`);
  assert.equal(await users(edge), before);

  const token = ticketOf(mail);
  const weak = await verify(client, token, "password");
  assert.deepEqual([weak.status, weak.body.code], [422, "weak_password"]);
  const answers = await Promise.all(
    ["first", "second", "third"].map((word) => verify(client, token, `the ${word} passphrase`)),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 400, 400]);
  const won = ["first", "second", "third"][answers.findIndex(({ status }) => status === 204)];
  const { user, access_token } = await client.logIn(GRACE, `the ${won} passphrase`);
  assert.deepEqual(
    [user.email_verified, user.first_name, user.last_name],
    [true, typed.first_name, typed.last_name],
  );
  assert.equal((await client.authorized({ email: GRACE }, access_token)).status, 200);
});

test("verified: the owner of a taken address is told, a stranger sees nothing", async (t) => {
  const edge = await startWorker();
  t.after(() => edge.stop());
  const client = clientOf(edge);
  const answers = [];
  for (const email of ["ADA@example.com", "nobody@example.com"])
    answers.push(await client.post("/auth/register", { json: { email } }));
  const bytes = answers.map(({ status, headers, body }) =>
    JSON.stringify([
      status,
      [...headers].filter(([name]) => !["date", "x-request-id"].includes(name)),
      body,
    ]),
  );
  assert.equal(bytes[0], bytes[1]);
  const mail = await mailTo(edge, ADA);
  assert.match(mail.subject, /account/);
  // With the link, the owner of the address can choose a new password. The link can't be used to
  // register a second account.
  assert.match(mail.text, /\/reset-password#egl_/);
  assert.equal((await verify(client, ticketOf(mail), PASSWORD)).status, 400);
  const refused = await client.post("/auth/register", {
    json: { email: GRACE, password: PASSWORD },
  });
  assert.deepEqual(
    [refused.status, refused.body.errors],
    [422, [{ field: "password", reason: "chosen_by_mail" }]],
  );
});

test("open: the account's own password verifies; another makes it its owner's and ends the stranger's sessions", async (t) => {
  const edge = await startWorker({ vars: { REGISTRATION: "open" } });
  t.after(() => edge.stop());
  const client = clientOf(edge);
  const register = async (email) => {
    const { status, body } = await client.post("/auth/register", {
      json: { email, password: PASSWORD },
    });
    assert.equal(status, 201);
    return { ...body, token: ticketOf(await mailTo(edge, email)) };
  };
  const own = await register(GRACE);
  assert.equal((await verify(client, own.token, PASSWORD)).status, 204);
  assert.equal((await verify(client, own.token, PASSWORD)).status, 400);
  const renewed = (await client.renew(own.refresh_token)).body;
  assert.equal((await client.authorized({ email: GRACE }, renewed.access_token)).status, 200);

  const stranger = await register("hopper@example.com");
  assert.equal((await verify(client, stranger.token)).status, 204);
  assert.equal((await client.renew(stranger.refresh_token)).status, 400);
  assert.equal((await client.get("/auth/me", { token: stranger.access_token })).status, 401);
  assert.equal(
    (
      await client.post("/auth/login", {
        json: { email: "hopper@example.com", password: PASSWORD },
      })
    ).status,
    401,
  );
  await client.logIn("hopper@example.com", NEW_PASSWORD);
});

test("resend: always 202, a mail only where there is something to verify", async (t) => {
  const edge = await startWorker({ vars: { REGISTRATION: "open" } });
  t.after(() => edge.stop());
  const client = clientOf(edge);
  await client.post("/auth/register", { json: { email: GRACE, password: PASSWORD } });
  await mailTo(edge, GRACE);
  for (const email of [ADA, "nobody@example.com", "GRACE@example.com"]) {
    const { status, body } = await client.post("/auth/email/resend", { json: { email } });
    assert.deepEqual([status, body], [202, ""]);
  }
  assert.equal(
    (await verify(client, ticketOf(await mailTo(edge, GRACE, 1)), PASSWORD)).status,
    204,
  );
  assert.equal((await mails(edge)).filter(({ to }) => to !== GRACE).length, 0);
});
