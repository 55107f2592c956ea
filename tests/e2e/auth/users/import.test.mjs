// Accounts of other systems are imported. The service reports a result for each line of the import.
// The users can sign in with their old passwords.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { count } from "../../../count.mjs";
import { ADA, clientOf, PASSWORD, ROOT } from "../../client.mjs";
import { startWorkers } from "../../workers.mjs";

const VECTORS = JSON.parse(
  readFileSync(new URL("../../../vectors/foreign_hashes/hashes.json", import.meta.url), "utf8"),
);
const JSONL = { "content-type": "application/jsonl" };

let edge, durable, client, token;
let stop;
before(async () => {
  const secrets = { FIREBASE_SIGNER_KEY: VECTORS.signer_key };
  const started = await startWorkers([
    { secrets, vars: { EXPORT_HASHES: "on" } },
    { secrets, vars: { PASSWORD_WORK: "durable" } },
  ]);
  [edge, durable] = started.workers;
  stop = started.stop;
  client = clientOf(edge);
  ({ access_token: token } = await client.logIn(ROOT));
});
after(() => stop?.());

const lined = (rows) =>
  rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n");
const importing = (rows, query = "", options = {}) =>
  client.post(`/auth/users/import${query}`, {
    token,
    headers: JSONL,
    body: lined(rows),
    ...options,
  });
const hashOf = async (email) =>
  (
    await edge.db
      .prepare("SELECT password_hash FROM users WHERE email_canonical = ?")
      .bind(email)
      .first()
  )?.password_hash;
const logIn = (email, password, at = edge) =>
  clientOf(at).post("/auth/login", { json: { email, password } });

test("every form of hash signs in once, and is replaced", async () => {
  const rows = VECTORS.hashes.map(({ hash, password }, i) => ({
    email: `form-${i}@example.com`,
    password_hash: hash,
    password,
  }));
  const answer = await importing(rows.map(({ password: _, ...row }) => row));
  assert.deepEqual([answer.status, answer.body.imported], [200, rows.length], answer.body.rows);
  const tried = new Set();
  for (const [i, { email, password, password_hash }] of rows.entries()) {
    const { form } = VECTORS.hashes[i];
    assert.equal(await hashOf(email), password_hash, form);
    const isFirst = !tried.has(form);
    tried.add(form);
    if (isFirst) assert.equal((await logIn(email, `${password}x`)).status, 401, form);
    assert.equal(await hashOf(email), password_hash, `${form}: a wrong password changes nothing`);
    assert.equal((await logIn(email, password)).status, 200, form);
    const replaced = await hashOf(email);
    assert.match(replaced, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/, form);
    if (isFirst) assert.equal((await logIn(email, password)).status, 200, form);
    assert.equal(await hashOf(email), replaced, `${form}: replaced once`);
  }
  count("imported-hashes", `${rows.length} hashes of other systems signed in and were replaced`);
});

test("the account's object verifies an imported hash too", async () => {
  const { hash, password } = VECTORS.hashes.find(({ form }) => form === "firescrypt");
  await importing([{ email: "object@example.com", password_hash: hash }]);
  assert.equal((await logIn("object@example.com", password, durable)).status, 200);
  assert.match(await hashOf("object@example.com"), /^\$argon2id\$/);
});

// An isolate (the running instance of a Worker) has 128 MB, and the memory of wasm never shrinks.
test("the most memory that a hash may ask for leaves room for the rest", async () => {
  await edge.control({ remember: true });
  const key = "MDEyMzQ1Njc4OWFiY2RlZg";
  await importing([
    { email: "scrypt@example.com", password_hash: `$scrypt$ln=16,r=8,p=1$${key}$${key}` },
    { email: "argon2@example.com", password_hash: `$argon2i$v=19$m=65536,t=1,p=1$${key}$${key}` },
  ]);
  for (let times = 0; times < 3; times++)
    for (const name of ["scrypt", "argon2", "nobody"])
      assert.equal((await logIn(`${name}@example.com`, PASSWORD)).status, 401);
  const { memory } = await edge.control({});
  assert.ok(memory.bytes > 64 * 1024 * 1024, "it is measured");
  assert.ok(memory.bytes < 96 * 1024 * 1024, `${memory.bytes} bytes of wasm`);
});

test("each bad line says why, and the rest is imported", async () => {
  const rows = [
    "email,password_hash",
    { email: "good-1@example.com", external_id: "auth0|1" },
    "[",
    `${JSON.stringify({ email: "comma@example.com" })},`,
    { email: "GOOD-1@example.com" },
    { email: ADA, password_hash: "$2b$10$x" },
    { email: ADA },
    { email: "no" },
    { email: "weak@example.com", password_hash: "5f4dcc3b5aa765d61d8327deb882cf99" },
    { email: "plain@example.com", password_hash: PASSWORD },
    { email: "admin@example.com", roles: ["admin"] },
    { email: "long@example.com", first_name: "a".repeat(66_000) },
    { email: "good-2@example.com", id: "0198c2f4-7b1e-4c3a-9d55-1f0a6f2f8b11" },
  ];
  const codes = [
    "not_an_object",
    "imported",
    "json_list",
    "trailing_comma",
    "duplicate_in_request",
    "hash_malformed",
    "already_there",
    "invalid_member",
    "hash_weak",
    "hash_unknown",
    "administrator",
    "line_too_long",
    "imported",
  ];
  const told = ({ body }) => body.rows.map(({ status, code }) => code ?? status);
  const dry = await importing(rows, "?dry_run=true");
  assert.deepEqual([dry.body.dry_run, told(dry)], [true, codes]);
  assert.equal(await hashOf("good-1@example.com"), undefined);
  const done = await importing(rows);
  assert.deepEqual(told(done), codes);
  assert.deepEqual(
    [done.body.imported, done.body.already_there, done.body.refused],
    [2, 1, rows.length - 3],
  );
  assert.equal(done.body.rows.at(-1).id, "0198c2f4-7b1e-4c3a-9d55-1f0a6f2f8b11");
  for (const { status, detail } of done.body.rows)
    assert.equal(status === "refused", detail?.length > 0);
  assert.equal((await logIn(ADA, PASSWORD)).status, 200, "nothing of an account is overwritten");
  const again = await importing(rows);
  assert.deepEqual([again.body.imported, again.body.already_there], [0, 3]);
  const bytes = Buffer.concat([
    Buffer.from('{"email":"utf-'),
    Buffer.from([0xe9]),
    Buffer.from('"}\r\n\r\n{"email":"crlf@example.com"}\r\n'),
  ]);
  const latin = await importing([], "", { body: bytes });
  assert.deepEqual(
    latin.body.rows.map(({ line, status, code }) => [line, code ?? status]),
    [
      [1, "not_utf_8"],
      [3, "imported"],
    ],
  );
});

test("a batch is bounded, and the body has one media type", async () => {
  const line = { email: "many@example.com" };
  const many = (times) =>
    Array.from({ length: times }, (_, i) => ({ email: `many-${i}@example.com` }));
  const big = (bytes) =>
    [JSON.stringify(line).padEnd(60_000), ..."x".repeat(16).split("")]
      .map((text) => text.padEnd(60_000))
      .join("\n")
      .padEnd(bytes);
  for (const [options, status, code] of [
    [{ body: "" }, 400, "invalid_request"],
    [{ body: "\n \r\n" }, 400, "invalid_request"],
    [{ body: lined(many(501)) }, 413, "payload_too_large"],
    [{ body: big(1024 * 1024 + 1) }, 413, "payload_too_large"],
    [{ headers: { "content-type": "application/json" } }, 415, "unsupported_media_type"],
    [{ headers: { "content-type": "text/csv" } }, 415, "unsupported_media_type"],
    [{ headers: { ...JSONL, "content-encoding": "gzip" } }, 415, "unsupported_media_type"],
    [{ token: undefined }, 401, "invalid_token"],
  ]) {
    const answer = await importing([line], "", options);
    assert.deepEqual([answer.status, answer.body.code], [status, code]);
  }
  for (const query of ["?dry_run=1", "?dryrun=true", "?allow_admin"])
    assert.equal((await importing([line], query)).status, 400, query);
  const most = await importing([], "?dry_run=true", { body: big(1024 * 1024) });
  assert.deepEqual([most.status, most.body.rows.length], [200, 17]);
  const full = await importing(many(500));
  assert.deepEqual([full.status, full.body.imported], [200, 500]);
  // A route that takes one JSON object still rejects a body of more than 16 KiB.
  const login = await client.post("/auth/login", { json: { email: "a".repeat(17_000) } });
  assert.equal(login.status, 413);
});

test("only an administrator with a recent proof, and administrators only if allowed", async () => {
  const ada = await client.logIn(ADA);
  assert.equal(
    (await importing([{ email: "x@example.com" }], "", { token: ada.access_token })).status,
    403,
  );
  const row = { email: "second-root@example.com", roles: ["user", "admin"] };
  assert.equal((await importing([row])).body.rows[0].code, "administrator");
  assert.equal((await importing([row], "?allow_admin=true")).body.imported, 1);
});

test("an export has every account once, and is an import elsewhere", async () => {
  const lines = [];
  let cursor;
  for (;;) {
    const query = new URLSearchParams({
      limit: "200",
      password_hashes: "true",
      ...(cursor && { cursor }),
    });
    const { status, headers, body } = await client.get(`/auth/users/export?${query}`, { token });
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "application/jsonl");
    const page = body
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    if (page.length === 0) break;
    lines.push(...page);
    cursor = page.at(-1).id;
  }
  const { total } = await edge.db.prepare("SELECT count(*) AS total FROM users").first();
  assert.equal(new Set(lines.map(({ id }) => id)).size, total);
  assert.equal(lines.length, total);
  const ada = lines.find(({ email }) => email === ADA);
  assert.deepEqual(Object.keys(ada).sort(), [
    "disabled",
    "email",
    "email_verified",
    "first_name",
    "id",
    "last_name",
    "password_hash",
    "roles",
  ]);
  assert.equal(ada.password_hash, await hashOf(ADA));
  for (let at = 0; at < lines.length; at += 500) {
    const some = lines.slice(at, at + 500);
    const { body } = await importing(some, "?allow_admin=true&dry_run=true");
    assert.deepEqual([body.imported, body.already_there, body.refused], [0, some.length, 0]);
  }
  const without = await client.get("/auth/users/export", { token });
  assert.doesNotMatch(without.body, /password_hash/);
  const refused = await clientOf(durable).get("/auth/users/export?password_hashes=true", { token });
  assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"]);
});
