// Phone keyboards add a space after an email address, and some of them type a space that is not
// U+0020. The service ignores such a space when it stores, compares and shows the address.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADA, clientOf, PASSWORD, ROOT, untilLimited } from "../client.mjs";
import { startWorker } from "../harness.mjs";
import { mailTo } from "../outbox.mjs";

// Each function adds other white space to the address: a space; a tab and a line break; no-break
// spaces; an ideographic space.
const STRAY = [
  (address) => `${address} `,
  (address) => `\t ${address}\r\n`,
  (address) => `\u00a0${address}\u00a0`,
  (address) => `\u3000${address}`,
];

let edge, client;
before(async () => {
  edge = await startWorker({ vars: { REGISTRATION: "open" } });
  client = clientOf(edge);
});
after(() => edge.stop());

const stored = async () =>
  (await edge.db.prepare("SELECT email FROM users").all()).results.map(({ email }) => email);

test("an address means the same with white space around it, wherever one is taken", async () => {
  const { access_token: root } = await client.logIn(ROOT);
  for (const [at, stray] of STRAY.entries()) {
    const email = `Grace${at}@example.com`;
    const registered = await client.post("/auth/register", {
      json: { email: stray(email), password: PASSWORD },
    });
    assert.deepEqual([registered.status, registered.body.user?.email], [201, email]);
    const taken = await client.post("/auth/register", {
      json: { email, password: PASSWORD },
    });
    assert.equal(taken.body.code, "email_taken");
    assert.equal((await client.logIn(stray(email))).user.email, email);

    const { access_token } = await client.logIn(stray(ADA));
    assert.equal((await client.authorized({ email: stray(ADA) }, access_token)).status, 200);

    const invited = `invited${at}@example.com`;
    const created = await client.post("/auth/users", {
      token: root,
      json: { email: stray(invited) },
    });
    assert.deepEqual([created.status, created.body.email], [201, invited]);
    const found = await client.get(`/auth/users?email=${encodeURIComponent(stray(email))}`, {
      token: root,
    });
    assert.deepEqual(
      found.body.users.map((user) => user.email),
      [email],
    );

    const reset = await client.post("/auth/password/reset", { json: { email: stray(email) } });
    assert.equal(reset.status, 202);
    assert.equal((await mailTo(edge, email)).to, email);
    const moved = await client.post("/auth/email/change", {
      token: registered.body.access_token,
      json: { email: stray(`new${at}@example.com`), current_password: PASSWORD },
    });
    assert.equal(moved.status, 202);
    assert.equal((await mailTo(edge, `new${at}@example.com`)).to, `new${at}@example.com`);
  }
  for (const email of await stored()) assert.equal(email, email.trim());
});

test("what can't be seen, and white space inside, is still refused", async () => {
  for (const email of [
    "ada@example.com\u200b",
    "\ufeffada@example.com",
    "\u202eada@example.com",
    "ada @example.com",
    "ada@\u00a0example.com",
    "ada@example.com\r\nBcc: eve@example.com",
    " ",
  ]) {
    const answer = await client.post("/auth/password/reset", { json: { email } });
    assert.equal(answer.status, 422, JSON.stringify(email));
    const login = await client.post("/auth/login", { json: { email, password: PASSWORD } });
    assert.equal(login.status, 401, JSON.stringify(email));
  }
});

// In a password, all kinds of spaces are treated as the same character (RFC 8265 section 4.2.2,
// rule 2).
test("a password means the same with other spaces, when it is chosen and when it is typed", async () => {
  const other = PASSWORD.replaceAll(" ", "\u00a0");
  assert.equal((await client.logIn(ADA, other)).user.email, ADA);
  const email = "spaces@example.com";
  const chosen = "five\u3000tiny\u00a0owls sing loudly";
  const { status } = await client.post("/auth/register", { json: { email, password: chosen } });
  assert.equal(status, 201);
  for (const password of [chosen, "five tiny owls sing loudly"])
    assert.equal((await client.logIn(email, password)).user.email, email);
  for (const password of ["five tiny owls sing loudly ", "fivetinyowlssingloudly"]) {
    const wrong = await client.post("/auth/login", { json: { email, password } });
    assert.equal(wrong.status, 401);
  }
});

test("stray spaces don't give more tries", async (t) => {
  const limited = await startWorker({ vars: { LIMITS: "on" } });
  t.after(() => limited.stop());
  const answers = await untilLimited(10, (tries) =>
    clientOf(limited).post("/auth/login", {
      headers: { "cf-connecting-ip": "192.0.2.1" },
      json: { email: `${" ".repeat(tries)}${ADA}`, password: "a wrong guess" },
    }),
  );
  assert.deepEqual([answers[0].status, answers.at(-1).status], [401, 429]);
});
