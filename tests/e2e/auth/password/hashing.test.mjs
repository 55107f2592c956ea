// Passwords are hashed with the cost and the pepper in the settings. When these settings have
// changed, the service hashes a password again at the user's next login.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADA, clientOf, PASSWORD } from "../../client.mjs";
import { startWorkers } from "../../workers.mjs";

const FIRST = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const SECOND = "2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

let plain, other, peppered, next;
let stop;
before(async () => {
  const started = await startWorkers([
    {},
    { vars: { ARGON2_MEMORY_KIB: "12288", ARGON2_ITERATIONS: "3" } },
    { secrets: { PEPPERS: FIRST } },
    { secrets: { PEPPERS: `${SECOND},${FIRST}` } },
  ]);
  [plain, other, peppered, next] = started.workers;
  stop = started.stop;
});
after(() => stop());

const hashOf = async (email) =>
  (await plain.db.prepare("SELECT password_hash FROM users WHERE email = ?").bind(email).first())
    .password_hash;
const logIn = (edge, password = PASSWORD) =>
  clientOf(edge).post("/auth/login", { json: { email: ADA, password } });

test("a login makes a hash anew: another cost, a pepper, the next pepper", async () => {
  for (const [edge, form] of [
    [plain, "$argon2id$v=19$m=19456,t=2,p=1$"],
    [other, "$argon2id$v=19$m=12288,t=3,p=1$"],
    [peppered, "$argon2id$v=19$m=19456,t=2,p=1,keyid=AQ$"],
    [next, "$argon2id$v=19$m=19456,t=2,p=1,keyid=Ag$"],
  ]) {
    assert.equal((await logIn(edge, `${PASSWORD}!`)).status, 401);
    assert.equal((await logIn(edge)).status, 200, form);
    const hash = await hashOf(ADA);
    assert.ok(hash.startsWith(form), `${hash.slice(0, 50)} is no ${form}`);
    assert.equal((await logIn(edge)).status, 200);
    assert.equal(await hashOf(ADA), hash, "made anew once");
  }
});

test("the account's object hashes as the request does", async () => {
  const started = await startWorkers([
    { vars: { PASSWORD_WORK: "durable" }, secrets: { PEPPERS: `${SECOND},${FIRST}` } },
  ]);
  const [edge] = started.workers;
  try {
    assert.equal((await logIn(edge)).status, 200);
    const { password_hash } = await edge.db
      .prepare("SELECT password_hash FROM users WHERE email = ?")
      .bind(ADA)
      .first();
    assert.match(password_hash, /,keyid=Ag\$/);
    assert.equal((await logIn(edge, `${PASSWORD}!`)).status, 401);
  } finally {
    await started.stop();
  }
});

test("a hash whose pepper is missing matches no password", async () => {
  assert.equal((await logIn(next)).status, 200);
  const before = await hashOf(ADA);
  for (const edge of [plain, peppered]) {
    const { status, body } = await logIn(edge);
    assert.deepEqual([status, body.code], [401, "invalid_credentials"]);
  }
  assert.equal(await hashOf(ADA), before);
  assert.equal((await logIn(next)).status, 200);
});
