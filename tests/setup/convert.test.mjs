// Converts users that were exported from other systems. Tests how unusual users are converted, and
// what the program prints about files that it can't read. tests/e2e/auth/users/convert.test.mjs
// also imports the converted users.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { convert, SYSTEMS } from "../../scripts/convert-accounts.mjs";
import { inRoot } from "../../scripts/project/root.mjs";

const run = (...args) => {
  const script = inRoot("scripts/convert-accounts.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
};
const NOW = Date.parse("2026-11-30T12:00:00Z");
const rows = (system, users) =>
  convert(system, JSON.stringify(users), NOW).lines.map((line) => JSON.parse(line));

test("a ban that is over, or a deletion, is seen in an export of Supabase", () => {
  const user = (more) => ({ id: "1", email: "ada@example.com", ...more });
  const disabled = (more) => rows("supabase", [user(more)])[0].disabled;
  assert.equal(disabled({}), false);
  assert.equal(disabled({ banned_until: null, deleted_at: null }), false);
  assert.equal(disabled({ banned_until: "2026-11-30T11:59:59+00:00" }), false);
  assert.equal(disabled({ banned_until: "2026-11-30T12:00:01+00:00" }), true);
  // Postgres writes "infinity" if a ban has no end.
  assert.equal(disabled({ banned_until: "infinity" }), true);
  assert.equal(disabled({ deleted_at: "2026-01-01T00:00:00+00:00" }), true);
});

test("a ban by better-auth's plugin for administrators is kept", () => {
  const disabled = (more) =>
    rows("better-auth", [{ email: "ada@example.com", ...more }])[0].disabled;
  for (const not of [{}, { banned: null }, { banned: false }, { banned: 0 }])
    assert.equal(disabled(not), false);
  for (const banned of [true, 1]) {
    assert.equal(disabled({ banned }), true);
    assert.equal(disabled({ banned, banExpires: null }), true);
    assert.equal(disabled({ banned, banExpires: "2026-11-30T12:00:01.000Z" }), true);
    assert.equal(disabled({ banned, banExpires: "2026-11-30T11:59:59.000Z" }), false);
  }
});

test("a name is cut where the import's limit is, and no character in two", () => {
  const long = `${"x".repeat(99)}😀y`;
  const cut = `${"x".repeat(99)}😀`;
  for (const [system, user] of /** @type {[string, object][]} */ ([
    ["auth0", [{ email: "a@example.com", given_name: long, family_name: long }]],
    ["better-auth", [{ email: "a@example.com", name: long }]],
    ["django", [{ pk: 1, fields: { email: "a@example.com", first_name: long, last_name: long } }]],
    ["firebase", { users: [{ email: "a@example.com", displayName: long }] }],
    ["keycloak", { users: [{ email: "a@example.com", firstName: long, lastName: long }] }],
  ])) {
    const [{ first_name, last_name = cut }] = rows(system, user);
    assert.deepEqual([first_name, last_name], [cut, cut], system);
  }
});

test("a byte order mark at the beginning of an export is ignored", () => {
  for (const system of Object.keys(SYSTEMS)) {
    const users = ["firebase", "keycloak"].includes(system) ? '{"users":[]}' : "[]";
    assert.deepEqual(convert(system, `\ufeff${users}`).lines, [], system);
  }
});

test("a file that can't be converted is refused with what to do, and without a stack", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-convert-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const csv = file("users.csv", "email,password\nada@example.com,x\n");
  const other = file("other.json", '[{"model":"auth.group","pk":1,"fields":{"name":"a"}}]');
  const realm = file("realm.json", '{"realm":"demo"}');
  const list = file("list.json", "[1]");
  for (const [args, reason] of /** @type {[string[], RegExp][]} */ ([
    [[], /convert-accounts\.mjs auth0\|/],
    [["nope", csv], /"nope" is not one of auth0, /],
    [["django"], /convert-accounts\.mjs auth0\|/],
    [["django", csv, csv], /convert-accounts\.mjs auth0\|/],
    [["django", join(folder, "none.json")], /there is no file .*none\.json/],
    [["django", folder], /is a folder/],
    [["django", csv], /users\.csv is not JSON: export it again as in docs\/accounts/],
    [["firebase", csv], /users\.csv is not JSON/],
    [["django", other], /other\.json has no users/],
    [["keycloak", realm], /realm\.json has no users/],
    [["auth0", list], /list\.json has no users/],
  ])) {
    const { code, stdout, stderr } = run(...args);
    assert.deepEqual([code, stdout], [1, ""], `${args} ${stderr}`);
    assert.match(stderr, reason);
    assert.doesNotMatch(stderr, /^ +at /m, "no stack");
  }
  const help = run("--help");
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  assert.match(help.stdout, /convert-accounts\.mjs auth0\|/);
});
