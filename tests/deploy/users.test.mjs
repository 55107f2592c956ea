// Tests `edgegate users`, `sessions`, `mail` and `restored`. The service is deployed to the
// replacement for Cloudflare (cloudflare.mjs).
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { before, test } from "node:test";
import { buildPackages } from "../package/package.mjs";
import { isWide } from "../wide.mjs";
import { startCloudflare } from "./cloudflare.mjs";
import { makeProject } from "./project.mjs";

const ADDRESS = "https://my-auth.acme.workers.dev";
const PASSWORD = "correct horse battery staple";
const ADA = "ada@example.com";
/** The bcrypt hash of PASSWORD. It was computed with bcryptjs. */
const BCRYPT = "$2b$05$R21Q5FM5T.5fD2ZmQRkzEuHNYzUqwZ5avXb45njiGsMZrNJnkV/Ua";
const ROWS = 1200;
// For tests that run only in `npm run test:wide`, because each command takes two to three seconds
// of processor time.
const IN_WIDE = { skip: isWide ? false : "npm run test:wide" };

before(buildPackages, { timeout: 600_000 });

test("accounts, sessions and mails of a deployed service", { timeout: 900_000 }, async (t) => {
  const cloudflare = await startCloudflare(t);
  const project = makeProject(t);
  const run = (...args) => project.run(args, cloudflare.env, {});
  /** Runs a command that must succeed. Returns the JSON that it prints. */
  const must = async (...args) => {
    const result = await run(...args, "--remote", "--json");
    assert.equal(result.code, 0, result.text);
    return result.stdout === "" ? undefined : JSON.parse(result.stdout);
  };
  const fails = async (pattern, ...args) => {
    const { code, text } = await run(...args, "--remote");
    assert.equal(code, 1, text);
    assert.match(text, pattern);
  };
  const sql = async (text) => {
    const [{ results }] = await cloudflare.query(cloudflare.state.databases[0].uuid, text);
    return results;
  };
  const post = (path, body, token) =>
    cloudflare.ask(`${ADDRESS}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
  const logIn = (email) => post("/auth/login", { email, password: PASSWORD });

  await fails(/there is no Worker my-auth: deploy it first/, "users", "list");
  const deployed = await run("deploy", "--yes", "--wait", "0");
  assert.equal(deployed.code, 0, deployed.text);

  await t.test("an account is made, found, shown and changed", async () => {
    await fails(/add --yes. Nothing was changed/, "users", "create", ADA);
    assert.deepEqual((await must("users", "list")).users, []);
    const made = await must("users", "create", ADA, "--role", "user", "--role", "admin", "--yes");
    const { link } = made.invitation;
    assert.ok(link.startsWith(`${ADDRESS}/reset-password#egl_`));
    await fails(/has an account already/, "users", "create", ADA, "--yes");
    const again = await must("users", "invite", ADA, "--yes");
    const token = again.invitation.link.split("#")[1];
    assert.equal((await post("/auth/password/confirm", { token, password: PASSWORD })).status, 204);
    await fails(/can't be invited/, "users", "invite", ADA, "--yes");
    assert.equal((await logIn(ADA)).status, 200);

    const { users } = await must("users", "find", "AD");
    assert.deepEqual([users.length, users[0].email, users[0].id], [1, ADA, made.id]);
    assert.deepEqual((await must("users", "find", "b")).users, []);
    const shown = await must("users", "show", made.id);
    assert.deepEqual([shown.user.email, shown.sessions.length, shown.mails], [ADA, 1, []]);
    assert.equal(shown.last_sign_in, shown.sessions[0].begun_at);
    await fails(/no account has the address/, "users", "show", "nobody@example.com");
    const unknown = made.id.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    await fails(new RegExp(`no account has the id ${unknown}`), "users", "show", unknown);

    const granted = await must("users", "grant", ADA, "editor", "--yes");
    assert.deepEqual(granted.roles, ["admin", "editor", "user"]);
    await fails(/last enabled administrator.*--last/, "users", "revoke", ADA, "admin", "--yes");
    await fails(/--last is for the role admin/, "users", "revoke", ADA, "user", "--last", "--yes");
    await fails(/last enabled administrator/, "users", "disable", ADA, "--yes");
    const revoked = await must("users", "revoke", ADA, "admin", "--last", "--yes");
    assert.deepEqual(revoked.roles, ["editor", "user"]);
    assert.equal((await must("users", "disable", ADA, "--yes")).disabled, true);
    assert.equal((await logIn(ADA)).status, 401);
    assert.equal((await must("users", "enable", ADA, "--yes")).disabled, false);
    await must("users", "unlock", ADA, "--yes");
    await sql("UPDATE users SET email_verified_at = NULL");
    assert.equal((await must("users", "verify", ADA, "--yes")).email_verified, true);
  });

  await t.test("sessions are listed and ended", IN_WIDE, async () => {
    assert.equal((await logIn(ADA)).status, 200);
    assert.equal((await logIn(ADA)).status, 200);
    const { sessions } = await must("sessions", ADA);
    assert.equal(sessions.length, 2);
    await must("sessions", ADA, "--end", sessions[0].id, "--yes");
    const { sessions: left } = await must("sessions", ADA);
    assert.deepEqual(
      left.map(({ id }) => id),
      [sessions[1].id],
    );
    await fails(/has no session/, "sessions", ADA, "--end", sessions[0].id, "--yes");
    await must("sessions", ADA, "--end", "all", "--yes");
    assert.deepEqual((await must("sessions", ADA)).sessions, []);
  });

  await t.test(
    "1,200 lines, some of them bad, are imported, and nothing is overwritten",
    async () => {
      const lines = Array.from({ length: ROWS }, (_, n) =>
        JSON.stringify({ email: `user-${n}@example.com`, password_hash: BCRYPT }),
      );
      lines[2] = '{"email":';
      lines[499] = JSON.stringify({
        email: "weak@example.com",
        password_hash: "5f4dcc3b5aa765d61d8327deb882cf99",
      });
      lines[500] = JSON.stringify({ email: "boss@example.com", roles: ["admin"] });
      lines[700] = JSON.stringify({ email: "long@example.com", first_name: "a".repeat(70_000) });
      lines[1100] = JSON.stringify({ email: ADA, password_hash: BCRYPT, roles: ["user"] });
      project.write("users.jsonl", `${lines.join("\n")}\n`);
      const refused = [
        [3, "not_json"],
        [500, "hash_weak"],
        [501, "administrator"],
        [701, "line_too_long"],
      ];
      const counts = { imported: ROWS - 5, already_there: 1, refused: 4 };
      const importing = async (...args) => {
        const { code, text, stdout } = await run(
          "users",
          "import",
          "users.jsonl",
          "--remote",
          "--json",
          ...args,
        );
        const told = text.split("\n").filter((line) => line.startsWith('{"line"'));
        const rows = told.map((line) => JSON.parse(line));
        for (const { code, detail } of rows)
          assert.equal(/with --allow-admin /.test(detail), code === "administrator", detail);
        return {
          ...{ code, result: JSON.parse(stdout) },
          refused: rows.map(({ line, code }) => [line, code]).toSorted(([a], [b]) => a - b),
        };
      };
      const dry = await importing("--dry-run");
      assert.deepEqual(dry, { code: 1, result: { dry_run: true, ...counts }, refused });
      assert.deepEqual(await sql("SELECT count(*) AS n FROM users"), [{ n: 1 }]);
      await fails(/add --yes/, "users", "import", "users.jsonl");
      const done = await importing("--yes");
      assert.deepEqual(done, { code: 1, result: { dry_run: false, ...counts }, refused });
      assert.deepEqual(await sql("SELECT count(*) AS n FROM users"), [{ n: ROWS - 4 }]);
      assert.equal((await logIn("user-1199@example.com")).status, 200);
      const before = await sql("SELECT * FROM users ORDER BY id");
      const again = await importing("--yes");
      assert.deepEqual(again.result, {
        ...{ dry_run: false, imported: 0, already_there: ROWS - 4, refused: 4 },
      });
      assert.deepEqual(await sql("SELECT * FROM users ORDER BY id"), before);
      const allowed = await importing("--yes", "--allow-admin");
      assert.equal(allowed.result.imported, 1);
      const [{ roles }] = await sql("SELECT roles FROM users WHERE email = 'boss@example.com'");
      assert.deepEqual(JSON.parse(roles), ["admin"]);
    },
  );

  await t.test("a file of another form is refused before anything is sent", async () => {
    const { length } = cloudflare.calls;
    for (const [content, expected] of /** @type {[string, RegExp][]} */ ([
      ["email,password_hash\na@example.com,x\n", /looks like CSV/],
      ['[{"email":"a@example.com"}]', /is a JSON array/],
      ["", /it is empty/],
      ["\n\n", /it is empty/],
    ])) {
      project.write("other", content);
      await fails(expected, "users", "import", "other", "--yes");
    }
    await fails(/there is no file nothing/, "users", "import", "nothing", "--yes");
    assert.equal(cloudflare.calls.length, length);
  });

  await t.test("an export has every account, in the form of an import", IN_WIDE, async () => {
    const { code, stdout } = await run("users", "export", "--remote");
    assert.equal(code, 0);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(rows.length, ROWS - 3);
    assert.equal(new Set(rows.map(({ email }) => email)).size, rows.length);
    assert.ok(!stdout.includes("$2b$") && !stdout.includes("argon2"));
    const written = await run("users", "export", "--remote", "--output", "out.jsonl");
    assert.equal(written.code, 0, written.text);
    assert.equal(project.read("out.jsonl"), stdout);
    assert.equal(statSync(project.path("out.jsonl")).mode & 0o777, 0o600);
    assert.deepEqual(await must("users", "export", "--output", "again.jsonl"), {
      exported: ROWS - 3,
    });
    await fails(/out\.jsonl exists already/, "users", "export", "--output", "out.jsonl");
    await fails(
      /EXPORT_HASHES/,
      "users",
      "export",
      "--password-hashes",
      "--output",
      "hashes.jsonl",
    );
    assert.ok(!project.exists("hashes.jsonl"));
  });

  await t.test("failed mails are listed, retried and dropped", IN_WIDE, async () => {
    const now = Math.floor(Date.now() / 1000);
    const ids = ["a".repeat(32), "b".repeat(32)];
    for (const id of ids)
      await sql(
        `INSERT INTO dead_letters (id, job, reason, tries, failed_at, retry_at) VALUES ('${id}', '2\n${id}\n${now}\nen\n60\nfirst\n1\nreset\n${ADA}', 'refused', 60, ${now}, NULL)`,
      );
    const { mails } = await must("mail", "list");
    assert.deepEqual(
      mails.map(({ id, mail }) => [id, mail]),
      ids.map((id) => [id, "reset"]),
    );
    assert.ok(!JSON.stringify(mails).includes("@"));
    assert.equal((await must("users", "show", ADA)).mails.length, 2);
    await fails(/`mail drop` takes ids/, "mail", "drop", "all", "--yes");
    await fails(/no kept mail has the id nope/, "mail", "drop", "nope", "--yes");
    assert.deepEqual(await must("mail", "retry", "all", "--yes"), { mails: 2 });
    assert.deepEqual(await must("mail", "drop", ids[0], "--yes"), { mails: 1 });
    const kept = await sql("SELECT id, retry_at FROM dead_letters");
    assert.deepEqual(kept, [{ id: ids[1], retry_at: 0 }]);
  });

  await t.test("after a restore all counters are raised", async () => {
    const begun = Math.floor(Date.now() / 1000);
    await fails(/add --yes/, "restored");
    const { accounts, copies_since } = await must("restored", "--yes");
    assert.equal(accounts, ROWS - 3);
    const [low] = await sql("SELECT min(session_epoch) AS epoch, max(updated_at) AS at FROM users");
    assert.ok(low.epoch >= begun && copies_since > low.at, JSON.stringify([low, copies_since]));
  });

  assert.deepEqual(await sql("SELECT * FROM operator_tickets"), [], "no ticket is left");
});
