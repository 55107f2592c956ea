// Tests `npm start`. It stops at once if a setting is wrong. It works with `routes` in
// wrangler.toml. It restarts when .dev.vars is edited. It runs the cron jobs.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { getPlatformProxy } from "wrangler";
import { signingKeys, ticketSecret } from "../../npm/edgegate-worker/cli/lib/secrets.js";
import { migrate } from "../../scripts/project/migrations.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { runScript } from "./npm-start.mjs";

const folder = mkdtempSync(join(tmpdir(), "edgegate-start-"));
const config = `wrangler.test-${process.pid}.toml`;
after(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(inRoot(config), { force: true });
});

const SECRETS = `DEV=1\nSIGNING_KEYS='${signingKeys()}'\nTICKET_SECRET='${ticketSecret()}'\n`;

/**
 * Writes a file with variables. Returns the path of the file, and the options that make `npm start`
 * use it.
 */
function variables(name, more = "") {
  const path = join(folder, name);
  writeFileSync(path, SECRETS + more);
  return { path, options: ["--env-file", path, "--persist-to", join(folder, "state")] };
}

async function start(...args) {
  const port = await freePort();
  const { options } = variables("good");
  const given = args.includes("--env-file") ? args : [...args, ...options];
  return { port, ...runScript("scripts/start.mjs", ["--port", `${port}`, ...given]) };
}

test("a wrong setting stops it at the first, with the setting, the value, the place and a remedy", async (t) => {
  const empty = variables("empty", "TURNSTILE_SECRET=\n");
  /** @type {[string, string[], RegExp[]][]} */
  const cases = [
    [
      "an option",
      ["--var", "SESSION_STORE:redis"],
      [/SESSION_STORE is "redis"/, /on the command line/, /Change it, or remove it/],
    ],
    [
      "a misspelt name",
      ["--var", "ACCES_TOKEN_TTL:300"],
      [/ACCESS_TOKEN_TTL is misspelt as "ACCES_TOKEN_TTL"/, /Correct the name/],
    ],
    [
      "an empty secret",
      empty.options,
      [/TURNSTILE_SECRET is "", which is empty/, /empty, line 4/, /Restore its value/],
    ],
    [
      "an environment",
      ["--env", "stagign"],
      [/no environment "stagign"/, /Did you mean "staging"/],
    ],
    ["a port", ["--port", "x"], [/"x" is not a port/]],
    [
      "= instead of the colon",
      ["--var", "SESSION_STORE=redis"],
      [/--var SESSION_STORE… is not NAME:value/, /a colon/],
    ],
    ["an option without its value", ["--env"], [/--env has no value/, /--env staging/]],
    [
      "a line that is not a setting",
      variables("line", "REUSE strict\n").options,
      [/line, line 4 \(it begins with REUSE\), is not a setting/, /Write it as NAME=value/],
    ],
  ];
  for (const [what, args, words] of cases)
    await t.test(what, async () => {
      const { done, left } = await start(...args);
      const { code, text } = await done;
      assert.equal(code, 1, text);
      for (const word of words) assert.match(text, word);
      assert.doesNotMatch(text, /Starting local server|misconfigured/, "nothing was started");
      if (existsSync("/proc/self/environ")) assert.deepEqual(left(), []);
    });
});

test("when wrangler ends by itself, `npm start` ends too", async () => {
  const { done } = await start("--no-such-option");
  const ended = /wrangler ended by itself \(exit code 1\)/;
  const { code, text } = await done;
  assert.equal(code, 1, text);
  assert.match(text, ended);
});

test("routes, an edit of the variables, and the cron", { timeout: 500_000 }, async (t) => {
  writeFileSync(
    inRoot(config),
    readFileSync(inRoot("wrangler.toml"), "utf8").replace(
      "\n[build]",
      '\nroutes = [{ pattern = "auth.example.com", custom_domain = true }, "other.example.com/*"]\n[build]',
    ),
  );
  const { path, options } = variables("edited");
  await addFailedMail();
  const worker = await start("--config", config, ...options);
  t.after(() => worker.stop());
  const logIn = async () => {
    const answer = await fetch(`http://127.0.0.1:${worker.port}/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"email":"ada@example.com","password":"correct horse battery staple"}',
    });
    const body = /** @type {{ expires_in: number }} */ (await answer.json());
    return { status: answer.status, body };
  };
  await worker.until(/edgegate is ready at/);
  const first = await logIn();
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.equal(first.body.expires_in, 600);
  // The cron job reports a mail that could not be delivered.
  await worker.until(/"event":"dead_letters"/);
  // The command `edgegate` calls this service as an operator would.
  const edgegate = (/** @type {string[]} */ ...args) =>
    runScript("scripts/edgegate.mjs", [
      ...args,
      ...["--port", `${worker.port}`, "--persist-to", join(folder, "state")],
    ]).done;
  const granted = await edgegate("users", "grant", "ada@example.com", "editor");
  assert.equal(granted.code, 0, granted.text);
  assert.match(granted.text, /^roles +editor user$/m);
  const kept = await edgegate("mail", "list");
  assert.match(kept.text, /^x {2}of another version, tried once/m);

  let before = worker.text().length;
  writeFileSync(path, `${SECRETS}ACCESS_TOKEN_TTL=10m\n`);
  await worker.until(/ACCESS_TOKEN_TTL is "10m"[\s\S]*edited, line 4/, before);
  assert.equal((await logIn()).body.expires_in, 600, "the Worker goes on with the good settings");

  before = worker.text().length;
  writeFileSync(path, `${SECRETS}ACCESS_TOKEN_TTL=120\n`);
  await worker.until(/edgegate is ready again at/, before);
  assert.equal((await logIn()).body.expires_in, 120);

  await worker.stop();
  for (let tries = 0; worker.left().length > 0 && tries < 100; tries++) await sleep(50);
  assert.deepEqual(worker.left(), []);
});

async function addFailedMail() {
  await migrate(join(folder, "state"));
  /** @type {{ env: Record<string, any>, dispose: () => Promise<void> }} */
  const { env, dispose } = await getPlatformProxy({
    configPath: inRoot("wrangler.toml"),
    persist: { path: join(folder, "state", "v3") },
  });
  await env.DB.prepare(
    "INSERT INTO dead_letters VALUES ('x', 'nonsense', 'refused', 1, unixepoch(), NULL)",
  ).run();
  await dispose();
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}
