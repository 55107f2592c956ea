// `npm run admin` on its own local database.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { getPlatformProxy } from "wrangler";
import { markStale, notOutdated } from "../../scripts/admin/roles.mjs";
import { migrate } from "../../scripts/project/migrations.mjs";
import { policy } from "../../scripts/project/policy.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { node, toolEnv } from "../../scripts/project/tools.mjs";

const ID = "01920000-0000-7000-8000-000000000000";
let state;

/**
 * The stored data, to read and to change. A wrangler command would take as long as the command
 * under test.
 */
async function stored(work) {
  const { env, dispose } = await getPlatformProxy({
    configPath: inRoot("wrangler.toml"),
    persist: { path: join(state, "v3") },
  });
  try {
    return await work(env);
  } finally {
    await dispose();
  }
}
const sql = (statement) => stored(async ({ DB }) => (await DB.prepare(statement).all()).results);
const admin = (...args) =>
  run(node(), [inRoot("scripts/admin.mjs"), ...args, "--persist-to", state], {
    env: toolEnv(),
    capture: true,
  });

before(async () => {
  state = mkdtempSync(join(tmpdir(), "edgegate-admin-"));
  await migrate(state);
  await sql(`INSERT INTO users (id, email, email_canonical, password_hash, roles, created_at, updated_at)
    VALUES ('${ID}', 'Ada@Example.com', 'ada@example.com', 'x', '["user"]', 1, 1)`);
});
after(() => rmSync(state, { recursive: true, force: true }));

const user = async () => (await sql("SELECT roles, version, session_epoch FROM users"))[0];
const staleUntil = () =>
  stored(async ({ SESSIONS }) => {
    const { keys } = await SESSIONS.list({ prefix: "stale:" });
    return keys.find(({ name }) => name === `stale:${ID}`).expiration;
  });
const stale = () => stored(({ SESSIONS }) => SESSIONS.get(`stale:${ID}`));

test("a granted role moves the version and outdates the access tokens", async () => {
  assert.equal((await admin("grant", "ADA@example.com", "admin")).code, 0);
  assert.deepEqual(await user(), { roles: '["admin","user"]', version: 1, session_epoch: 0 });
  assert.equal(await stale(), "1");
  // As long as the longest access token that any ACCESS_TOKEN_TTL allows, whatever wrangler.toml
  // says today.
  const left = (await staleUntil()) - Date.now() / 1000;
  assert.ok(left > 3600 && left <= 3900, `${left} s`);
  assert.equal(policy("STALE_TTL"), 3900);
  assert.equal(policy("ADMIN_ROLE"), "admin", "a text, too");

  assert.equal((await admin("grant", "ada@example.com", "admin")).code, 0);
  assert.equal((await user()).version, 1, "granted twice is granted once");

  const refused = await admin("revoke", "ada@example.com", "admin");
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr + refused.stdout, /last enabled administrator.*--last/);
  assert.equal((await user()).version, 1, "the last administrator stays");

  assert.equal((await admin("revoke", "ada@example.com", "admin", "--last")).code, 0);
  assert.deepEqual(await user(), { roles: '["user"]', version: 2, session_epoch: 0 });
  assert.equal((await stale()).trim(), "2");
});

test("a version that another change has raised meanwhile is written after it", async () => {
  const written = [];
  const versions = [3, 5, 5];
  const world = {
    put: async (_, version) => void written.push(version),
    read: async () => versions.shift(),
  };
  await markStale({ id: ID, version: 2 }, ["--local"], world);
  assert.deepEqual(written, [2, 3, 5]);
});

test("with Durable Objects the command says which tokens stay valid, and how to end them", () => {
  const text = notOutdated({ id: ID });
  assert.match(text, /until they expire, at most 3600 s/);
  assert.ok(text.includes(`POST /auth/users/${ID}/revoke`));
});

test("after a restore the counters are larger than any that were handed out before", async () => {
  await sql("UPDATE users SET version = 7, session_epoch = 3");
  const begun = Math.floor(Date.now() / 1000);
  const { code, stdout } = await admin("restored");
  assert.equal(code, 0);
  assert.match(stdout, /^1 account: /);
  const lifted = await user();
  assert.ok(lifted.version >= begun * 1000 && lifted.version < 2 ** 53 - 1, lifted.version);
  assert.ok(lifted.session_epoch >= begun && lifted.session_epoch < 2 ** 32, lifted.session_epoch);
  // Again, in the same second too, it is above.
  assert.equal((await admin("restored")).code, 0);
  const again = await user();
  assert.ok(again.version > lifted.version && again.session_epoch > lifted.session_epoch);
  assert.notEqual((await admin("restored", "twice")).code, 0);
  await sql("UPDATE users SET version = 2, session_epoch = 0");
});

test("an impossible change is refused with its reason, and nothing is changed", async () => {
  const before = await user();
  for (const args of [
    ["grant", "nobody@example.com", "admin"],
    ["grant", "ada@example.com", "not a role"],
    ["grant", "ada@example.com' OR 1=1 --", "admin"],
    ["grant", "ada@example.com"],
    ["grant", "ada@example.com", "admin", "--last"],
    ["promote", "ada@example.com", "admin"],
  ]) {
    assert.notEqual((await admin(...args)).code, 0, args.join(" "));
  }
  assert.deepEqual(await user(), before);
});

test("mails that could not be sent are shown without their address, and sent again", async () => {
  assert.match((await admin("mail", "list")).stdout, /No failed mails/);
  const job = ["1", "0".repeat(32), "1764000000", "en", "reset", "ada@example.com"].join("\n");
  const letter = (id, retryAt) =>
    `('${id}', '${job}', '422: no such sender', 3, 1764000000, ${retryAt})`;
  await sql(
    `INSERT INTO dead_letters VALUES ${letter("one", "NULL")}, ${letter("two", 1764000600)}`,
  );
  const { stdout } = await admin("mail", "list");
  assert.match(
    stdout,
    /one {2}reset, attempts: 3, last 2025-11-24T16:00:00Z, sent again only when you ask\n {2}422: no such sender/,
  );
  assert.match(stdout, /two .*next attempt 2025-11-24T16:10:00Z/);
  assert.ok(!stdout.includes("ada@example.com"));

  assert.equal((await admin("mail", "retry", "one")).code, 0);
  assert.deepEqual(await sql("SELECT id, retry_at FROM dead_letters ORDER BY id"), [
    { id: "one", retry_at: 0 },
    { id: "two", retry_at: 1764000600 },
  ]);
  assert.equal((await admin("mail", "retry", "all")).code, 0);
  for (const args of [
    ["mail"],
    ["mail", "retry"],
    ["mail", "retry", "three"],
    ["mail", "retry", "' OR 1=1 --"],
    ["mail", "send"],
  ]) {
    assert.notEqual((await admin(...args)).code, 0, args.join(" "));
  }
});
