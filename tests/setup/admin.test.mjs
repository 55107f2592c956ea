// `npm run admin` on its own local database.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { getPlatformProxy } from "wrangler";
import { describe } from "../../scripts/admin/mail.mjs";
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
  assert.match(text, /until the cron of each minute has run, within two minutes/);
  assert.ok(text.includes(`POST /auth/users/${ID}/revoke`));
});

test("after a restore the counters are larger than any that were handed out before", async () => {
  await sql("UPDATE users SET version = 7, session_epoch = 3");
  const begun = Math.floor(Date.now() / 1000);
  const { code, stdout } = await admin("restored");
  assert.equal(code, 0);
  assert.match(stdout, /^1 account: /);
  const since = Number(/COPIES_SINCE = "(\d+)"/.exec(stdout)?.[1]);
  const lifted = await user();
  // Otherwise the cron would tell each user's object.
  const [{ updated_at }] = await sql("SELECT updated_at FROM users");
  assert.ok(since > updated_at, "later than the changes that it makes");
  assert.ok(lifted.version >= begun * 1000 && lifted.version < 2 ** 53 - 1, lifted.version);
  assert.ok(lifted.session_epoch >= begun && lifted.session_epoch < 2 ** 32, lifted.session_epoch);
  // A second run in the same second raises them again.
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

test("an address may have an apostrophe, which ends no string in SQL", async () => {
  await sql(`INSERT INTO users (id, email, email_canonical, password_hash, roles, created_at, updated_at)
    VALUES ('${ID.replace(/.$/, "9")}', 'O''Brien@example.com', 'o''brien@example.com', 'x', '["user"]', 1, 1)`);
  const roles = () => sql("SELECT email_canonical, roles FROM users ORDER BY email_canonical");
  const before = await roles();
  for (const address of ["ada'or'1'='1@example.com", "'or''='@example.com", "x'--@example.com"])
    assert.notEqual((await admin("grant", address, "editor")).code, 0, address);
  assert.deepEqual(await roles(), before);
  assert.equal((await admin("grant", "O'Brien@Example.com", "editor")).code, 0);
  const [, obrien] = await roles();
  assert.deepEqual(obrien, { email_canonical: "o'brien@example.com", roles: '["editor","user"]' });
  await sql("DELETE FROM users WHERE email_canonical <> 'ada@example.com'");
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
    /one {2}reset, tried 3 times, last 2025-11-24T16:00:00Z, sent again only when you ask(, address [0-9a-f]{16})?\n {2}422: no such sender/,
  );
  assert.match(stdout, /two .*next attempt 2025-11-24T16:10:00Z/);
  assert.ok(!stdout.includes("ada@example.com"));

  assert.equal((await admin("mail", "retry", "one")).code, 0);
  assert.deepEqual(await sql("SELECT id, retry_at FROM dead_letters ORDER BY id"), [
    { id: "one", retry_at: 0 },
    { id: "two", retry_at: 1764000600 },
  ]);
  assert.match(
    (await admin("mail", "list")).stdout,
    /^one {2}reset, tried 3 times, last [^,]+, sent again by the next run of the cron/m,
  );
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

test("a kept mail is described by what is known of it", () => {
  const now = 1764000000;
  const id = "0".repeat(32);
  const request = "6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a34";
  const language = "en-x-6f1a7c52-3b0e4d59-9a0c5d2f-1e8b7a34";
  const job = (language, ...rest) =>
    ["2", id, `${now}`, language, "0", "none", "0", ...rest].join("\n");
  const told = (
    letter,
    /** @type {(address: string) => string | undefined} */
    pseudonymOf = (address) => `<${address.length}>`,
  ) =>
    describe(
      { id, job: job("en", "reset", ADA), reason: "", tries: 0, failed_at: now, ...letter },
      pseudonymOf,
    )
      .split("\n")[0]
      .slice(id.length + 2);
  const ADA = "ada@example.com";
  const kept = "not tried yet, kept since 2025-11-24T16:00:00Z";
  // A notice that could not be queued: it was never tried, and the cron sends it.
  assert.equal(
    told({ retry_at: now + 1 }),
    `reset, ${kept}, next attempt 2025-11-24T16:00:01Z, address <15>`,
  );
  // A mail that the operator has retried shows no time: 0 does not mean the year 1970.
  assert.equal(
    told({ tries: 1, retry_at: 0 }),
    "reset, tried once, last 2025-11-24T16:00:00Z, sent again by the next run of the cron, address <15>",
  );
  assert.equal(
    told({ job: job(language, "reset", ADA), tries: 60, retry_at: null }, () => undefined),
    `reset, tried 60 times, last 2025-11-24T16:00:00Z, sent again only when you ask, request ${request}`,
  );
  const user = "01920000-0000-7000-8000-000000000000";
  for (const other of [
    job("de-AT", "invitation", user, "0".repeat(32)),
    job("en-x-6f1a7c52", "new_address", user, ADA, "0".repeat(32)),
    "nonsense",
    "",
  ]) {
    const text = told({ job: other, retry_at: null });
    assert.ok(!text.includes("1970") && !text.includes("@") && !text.includes("request"), text);
  }
});
