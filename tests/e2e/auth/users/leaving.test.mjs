// Accounts can be moved from this service to another one. OpenSSL can verify the exported password
// hashes, if the password is first prepared in the way that the documents describe.
import assert from "node:assert/strict";
import { argon2Sync } from "node:crypto";
import { after, before, test } from "node:test";
import { ADA, clientOf, PASSWORD, ROOT } from "../../client.mjs";
import { startWorkers } from "../../workers.mjs";

const PEPPER = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

let plain, peppered;
let stop;
before(async () => {
  const started = await startWorkers([
    { vars: { EXPORT_HASHES: "on" } },
    { vars: { EXPORT_HASHES: "on" }, secrets: { PEPPERS: `1:${PEPPER}` } },
  ]);
  [plain, peppered] = started.workers;
  stop = started.stop;
});
after(() => stop?.());

/** Exports the accounts. Returns the password hash of the account with this address. */
async function exported(edge, email) {
  const client = clientOf(edge);
  const { access_token: token } = await client.logIn(ROOT);
  const { status, body } = await client.get("/auth/users/export?password_hashes=true", { token });
  assert.equal(status, 200);
  const accounts = body
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return accounts.find((account) => account.email === email).password_hash;
}

/** Returns whether `phc`, a hash in the PHC string format, is a hash of this password. */
function verifies(phc, password, secret) {
  const form =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)(?:,keyid=[\w+/]+)?\$([\w+/]+)\$([\w+/]+)$/;
  const [, memory, passes, parallelism, salt, hash] = form.exec(phc) ?? assert.fail(phc);
  const expected = Buffer.from(hash, "base64");
  const made = argon2Sync("argon2id", {
    message: password,
    nonce: Buffer.from(salt, "base64"),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
    ...(secret && { secret: Buffer.from(secret, "base64url") }),
  });
  return made.equals(expected);
}

test("an exported hash is verified elsewhere", async () => {
  const hash = await exported(plain, ADA);
  assert.ok(verifies(hash, PASSWORD));
  assert.ok(!verifies(hash, `${PASSWORD}!`));
});

test("a password beyond ASCII is hashed in NFC, with usual spaces", async () => {
  const client = clientOf(plain);
  const { access_token: token } = await client.logIn(ADA);
  const typed = "un cafe\u0301\u00a0cre\u0300me\u3000s'il vous plai\u0302t";
  const { status } = await client.post("/auth/password/change", {
    token,
    json: { current_password: PASSWORD, new_password: typed },
  });
  assert.equal(status, 200);
  const hash = await exported(plain, ADA);
  assert.ok(verifies(hash, "un café crème s'il vous plaît".normalize("NFC")));
  assert.ok(!verifies(hash, typed));
});

test("a hash with keyid needs the pepper, as Argon2's secret value", async () => {
  await clientOf(peppered).logIn(ROOT);
  const hash = await exported(peppered, ROOT);
  assert.match(hash, /,keyid=AQ\$/);
  assert.ok(verifies(hash, PASSWORD, PEPPER));
  assert.ok(!verifies(hash, PASSWORD));
});
