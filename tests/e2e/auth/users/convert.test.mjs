// Accounts that were exported from other systems are converted and imported. Afterwards their users
// can sign in. The export files of Django and better-auth were made with these programs themselves.
// tests/vectors/SOURCES.md says where the other export files come from.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { convert } from "../../../../scripts/convert-accounts.mjs";
import { clientOf, PASSWORD, ROOT } from "../../client.mjs";
import { startWorkers } from "../../workers.mjs";

const vectors = new URL("../../../vectors/", import.meta.url);
const read = (name) => readFileSync(new URL(name, vectors), "utf8");
const { signer_key } = JSON.parse(read("foreign_hashes/hashes.json"));

let client, token, stop;
before(async () => {
  const started = await startWorkers([{ secrets: { FIREBASE_SIGNER_KEY: signer_key } }]);
  stop = started.stop;
  client = clientOf(started.workers[0]);
  ({ access_token: token } = await client.logIn(ROOT));
});
after(() => stop?.());

/** @type {[string, string, string[], number[]][]} */
const EXPORTS = [
  ["auth0", "auth0.jsonl", ["ada"], []],
  ["better-auth", "better-auth.json", ["ada"], []],
  ["django", "django.json", ["ada"], [3]],
  ["firebase", "firebase.json", ["ada"], [2]],
  ["keycloak", "keycloak.json", ["ada"], []],
  ["supabase", "supabase.json", ["ada"], []],
];

for (const [system, file, users, without] of EXPORTS)
  test(`the users of ${system} sign in with their passwords`, async () => {
    const { lines, without: left } = convert(system, read(`exports/${file}`));
    assert.deepEqual(left, without);
    const { body } = await client.post("/auth/users/import", {
      token,
      headers: { "content-type": "application/jsonl" },
      body: lines.join(""),
    });
    assert.equal(body.imported, lines.length, JSON.stringify(body.rows));
    for (const name of users) {
      const email = `${name}@${system.replace("better-auth", "better")}.example`;
      const { user } = await client.logIn(email, PASSWORD);
      const line = lines.map((text) => JSON.parse(text)).find((row) => row.email === email);
      assert.equal(user.email_verified, line.email_verified ?? false);
      if (line.id) assert.equal(user.id, line.id);
    }
  });

test("a disabled account, and one of Argon2id, come over as they are", async () => {
  const { lines } = convert("keycloak", read("exports/keycloak.json"));
  const bob = JSON.parse(lines[1]);
  assert.match(bob.password_hash, /^\$argon2id\$v=19\$m=7168,t=5,p=1\$/);
  assert.equal(bob.disabled, true);
  const refused = await client.post("/auth/login", {
    json: { email: bob.email, password: PASSWORD },
  });
  assert.deepEqual([refused.status, refused.body.code], [401, "invalid_credentials"]);
  const path = `/auth/users/${bob.id}`;
  await client.patch(path, { token, json: { disabled: false } });
  await client.logIn(bob.email, PASSWORD);
});
