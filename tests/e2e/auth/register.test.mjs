import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { clientOf, ROOT } from "../client.mjs";
import { startWorker } from "../harness.mjs";

const PASSWORD = "a long enough passphrase";
const vectors = (name) =>
  JSON.parse(readFileSync(new URL(`../../vectors/emails/${name}`, import.meta.url), "utf8"))
    .addresses;
const addresses = vectors("emails.json");
const scripts = vectors("scripts.json");

let edge, client;
before(async () => {
  edge = await startWorker({ vars: { REGISTRATION: "open" } });
  client = clientOf(edge);
});
after(() => edge.stop());

const register = (json, of = client) => of.post("/auth/register", { json });

test("an account with its tokens, its address unverified", async () => {
  const { status, body } = await register({
    email: "Grace@Example.com",
    password: PASSWORD,
    first_name: "Grace",
  });
  assert.equal(status, 201);
  assert.equal(body.user.email, "Grace@Example.com");
  assert.deepEqual(
    [body.user.email_verified, body.user.roles, body.user.last_name],
    [false, ["user"], null],
  );
  const { access_token } = body;
  assert.equal((await client.authorized({ role: "user" }, access_token)).status, 200);
  assert.equal((await client.authorized({ email: "grace@example.com" }, access_token)).status, 403);
  assert.equal((await client.logIn("GRACE@example.com", PASSWORD)).user.id, body.user.id);
});

test("an address has one account, also when two ask at once", async () => {
  const answers = await Promise.all(
    ["hopper@example.com", "Hopper@example.com", "HOPPER@EXAMPLE.COM"].map((email) =>
      register({ email, password: PASSWORD }),
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409]);
  assert.equal(answers.find(({ status }) => status === 409).body.code, "email_taken");
});

test("a weak password is said with its reasons, and no account is made", async () => {
  const { status, body } = await register({ email: "weak@example.com", password: "password" });
  assert.equal(status, 422);
  assert.equal(body.code, "weak_password");
  assert.deepEqual(body.reasons, ["too_short", "too_common"]);
  const long = await register({ email: "weak@example.com", password: "x".repeat(129) });
  assert.deepEqual([long.status, long.body.reasons], [422, ["too_long"]]);
  const own = await register({ email: "weak@example.com", password: "my weak@example.com" });
  assert.deepEqual([own.status, own.body.reasons], [422, ["contains_address"]]);
  assert.equal(
    (await edge.db.prepare("SELECT count(*) AS n FROM users WHERE email LIKE 'weak%'").first()).n,
    0,
  );
  assert.equal(
    (await register({ email: "weak@example.com", password: "🔑".repeat(15) })).status,
    201,
  );
});

test("every address of the vectors becomes what it must", async () => {
  // In the Worker, the JavaScript engine computes the canonical form of an email address. Native
  // builds compute it with the project's own tables. So the Worker has to be tested too.
  for (const { input, expect, same_account_as: same, why } of addresses) {
    const { status, body } = await register({ email: input, password: PASSWORD });
    if (expect === "accept") assert.ok([201, 409].includes(status), `${input}: ${why}`);
    if (expect === "reject") assert.equal(status, 422, `${input}: ${why}`);
    if (expect === "distinct-or-reject") assert.ok([201, 422].includes(status), `${input}: ${why}`);
    if (status === 422) assert.equal(body.code, "invalid_field");
    if (same && status === 201)
      assert.equal(
        (await register({ email: same, password: PASSWORD })).status,
        409,
        `${input}: ${why}`,
      );
  }
});

test("an address in any script is accepted and stored, in the canonical form of every engine", async () => {
  const { access_token: token } = await client.logIn(ROOT);
  for (const { input, canonical, why } of scripts) {
    const { status, body } = await client.post("/auth/users", { token, json: { email: input } });
    const found = await edge.db
      .prepare("SELECT email, email_canonical FROM users WHERE email_canonical = ?1")
      .bind(canonical ?? "")
      .first();
    assert.equal(found?.email_canonical ?? null, canonical, `${input}: ${why}`);
    if (canonical === null) assert.equal(body.code, "invalid_field", `${input}: ${why}`);
    else if (status === 201) assert.deepEqual([found.email, body.email], [input, input]);
    else assert.equal(body.code, "email_taken", `${input}: ${why}`);
  }
});

test("closed is closed", async (t) => {
  const closed = await startWorker({ vars: { REGISTRATION: "closed" } });
  t.after(() => closed.stop());
  const { status, body } = await register(
    { email: "new@example.com", password: PASSWORD },
    clientOf(closed),
  );
  assert.deepEqual([status, body.code], [403, "registration_closed"]);
});
