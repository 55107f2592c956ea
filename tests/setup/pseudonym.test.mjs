// In its log, the Worker writes a pseudonym in place of an email address or a network address.
// `edgegate pseudonym` shows this pseudonym. The tests of src/domain/event/pseudonym.rs use the
// same values.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pseudonyms } from "../../npm/edgegate-worker/cli/lib/pseudonyms.js";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { node, toolEnv } from "../../scripts/project/tools.mjs";
import { ADA, clientOf } from "../e2e/client.mjs";
import { TEST_SECRETS } from "../e2e/harness.mjs";
import { startWorkers } from "../e2e/workers.mjs";

const SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const OTHER = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
const ISSUER = "https://auth.example.com";
const of = (text, secret = SECRET) => pseudonyms(text, secret, ISSUER);

test("the same values as the core's", () => {
  for (const text of ["ada@example.com", "Ada@EXAMPLE.com"])
    assert.deepEqual(of(text), ["8110e99d472dab1e"]);
  for (const text of ["203.0.113.9", "::ffff:203.0.113.9", "::FFFF:cb00:7109"])
    assert.deepEqual(of(text), ["298ac888d1f66c57"]);
  for (const text of ["2001:db8:0:12ff:1::2", "2001:DB8::12ff:0:0:0:9"])
    assert.deepEqual(of(text), ["4cd895a06d49545d"]);
  assert.notDeepEqual(of("2001:db8:0:1::"), of("2001:db8:1::"));
  const [first] = of("ada@example.com", OTHER);
  assert.deepEqual(of("ada@example.com", `${OTHER}, ${SECRET}`), [first, "8110e99d472dab1e"]);
});

test("rejects what is neither an email nor an IP address, and an invalid secret", () => {
  for (const text of [
    "",
    "ada",
    "203.0.113",
    "203.0.113.9/24",
    "fe80::1%eth0",
    "ada@example.com' --",
  ])
    assert.throws(() => of(text), /can't be used here/, text);
  for (const secret of [
    "",
    "short",
    `${SECRET},short`,
    "not base64url at all, which is what it should be",
  ])
    assert.throws(() => of("ada@example.com", secret), /TICKET_SECRET must be/);
});

test("the command prints the pseudonym that the Worker logs", async (t) => {
  const {
    workers: [edge],
    eventsOf,
    stop,
  } = await startWorkers([{}]);
  t.after(stop);
  const headers = { "cf-connecting-ip": "2001:db8:0:9::7" };
  const refused = await clientOf(edge).post("/auth/login", {
    headers,
    json: { email: ADA, password: "a wrong guess" },
  });
  const [{ address, network }] = await eventsOf(refused);
  const secret = TEST_SECRETS.TICKET_SECRET;
  const command = projectWith(t, `TICKET_SECRET=${secret}\nISSUER=${edge.origin}\n`);
  for (const [text, pseudonym] of [
    [ADA, address],
    ["2001:db8:0:9::1", network],
  ]) {
    const { code, stdout, stderr } = await command(text);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(`${pseudonym}  now`), stdout);
    assert.ok(!stdout.includes(secret));
  }
  for (const args of [[], ["a", "b"], ["not an address"]])
    assert.notEqual((await command(...args)).code, 0, args.join(" "));
  const without = await projectWith(t, "")(ADA);
  assert.notEqual(without.code, 0);
  assert.match(without.stderr, /TICKET_SECRET is missing in \.dev\.vars/);
});

test("the issuer has the port of the local service, unless it is set", async (t) => {
  const secrets = `TICKET_SECRET=${SECRET}\n`;
  const command = projectWith(t, secrets);
  const at = (port) => `${pseudonyms(ADA, SECRET, `http://127.0.0.1:${port}`)}  now\n`;
  assert.equal((await command(ADA)).stdout, at(8787));
  assert.equal((await command(ADA, "--port", "8788")).stdout, at(8788));
  assert.equal((await command(ADA, { PORT: "8789" })).stdout, at(8789));
  const set = projectWith(t, `${secrets}ISSUER=${ISSUER}\n`);
  assert.equal((await set(ADA, "--port", "8788")).stdout, `${of(ADA)}  now\n`);
  assert.match(
    (await command(ADA, "--port", "1", "--remote")).stderr,
    /leave it out with --remote/,
  );
});

test("an environment has the secret of its own file, as in `edgegate dev`", async (t) => {
  const command = projectWith(t, `TICKET_SECRET=${SECRET}\n`, {
    ".dev.vars.staging": `TICKET_SECRET=${OTHER}\nISSUER=${ISSUER}\n`,
  });
  const { stdout } = await command("ada@example.com", "--env", "staging");
  assert.equal(stdout, `${of("ada@example.com", OTHER)}  now\n`);
  const unknown = await command("ada@example.com", "--env", "stagign");
  assert.deepEqual([unknown.code, unknown.stdout], [1, ""]);
  assert.match(unknown.stderr, /Did you mean "staging"/);
});

test("no program that the command starts gets the secret", async (t) => {
  const command = projectWith(t, `TICKET_SECRET=${SECRET}\n`);
  const folder = mkdtempSync(join(tmpdir(), "edgegate-pseudonym-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [seen, preload] = [join(folder, "seen"), join(folder, "preload.cjs")];
  // Each Node process loads this file when it starts. The file records which program the process
  // runs, and whether the secret is in the process's environment or arguments.
  writeFileSync(
    preload,
    `require("node:fs").appendFileSync(${JSON.stringify(seen)}, process.argv[1] + " " + JSON.stringify([process.env, process.argv]).includes(${JSON.stringify(SECRET)}) + "\\n");`,
  );
  // With --env, the command starts another process, which reads the configuration.
  const { code, stdout, stderr } = await command(ADA, "--env", "staging", {
    NODE_OPTIONS: `--require ${preload}`,
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^[0-9a-f]{16} {2}now$/m);
  const programs = readFileSync(seen, "utf8").trim().split("\n");
  assert.ok(
    programs.some((line) => /print-config\.js /.test(line)),
    `${programs}`,
  );
  for (const line of programs) assert.match(line, / false$/);
});

/**
 * Makes a project whose .dev.vars contains `variables`. Returns a function that runs
 * `edgegate pseudonym` in the project, with the given arguments and environment variables.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} variables
 * @param {Record<string, string>} [files] the texts of other files, keyed by file name
 * @returns {(...args: (string | NodeJS.ProcessEnv)[]) => ReturnType<typeof run>}
 */
function projectWith(t, variables, files = {}) {
  const cwd = mkdtempSync(join(tmpdir(), "edgegate-pseudonym-"));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  copyFileSync(inRoot("wrangler.toml"), join(cwd, "wrangler.toml"));
  for (const [name, text] of Object.entries({ ".dev.vars": variables, ...files }))
    writeFileSync(join(cwd, name), text);
  const command = inRoot("npm/edgegate-worker/cli/edgegate.js");
  return (...given) => {
    const args = given.filter((each) => typeof each === "string");
    const env = Object.assign({}, toolEnv(), ...given.filter((each) => typeof each === "object"));
    return run(node(), [command, "pseudonym", ...args], { cwd, env, capture: true });
  };
}
