// Before the commands start or upload anything, they check the settings with the Worker's own code.
// If a value is wrong, the error says where the value was read.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as configuration from "../../npm/edgegate-worker/cli/lib/config.js";
import {
  fromConfig,
  fromEnvFile,
  fromOptions,
  ignoredLines,
} from "../../npm/edgegate-worker/cli/lib/places.js";
import { signingKeys, ticketSecret } from "../../npm/edgegate-worker/cli/lib/secrets.js";
import { watchEdits } from "../../npm/edgegate-worker/cli/lib/watch.js";
import { environmentProblem, readConfig } from "../../scripts/project/config.mjs";
import { wranglerArguments } from "../../scripts/project/dev-arguments.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { toolEnv } from "../../scripts/project/tools.mjs";
import { faultsOf, SECRETS, told } from "../../scripts/settings/check.mjs";

const BOUND = ["DB", "SESSIONS", "SESSION_OBJECTS", "ACCOUNT_OBJECTS", "MAIL_GATE_OBJECTS"];
const GOOD = { ISSUER: "https://auth.example.com" };
const STORED = ["SIGNING_KEYS", "TICKET_SECRET"];

const judge = (
  vars,
  { bindings = BOUND, stored = STORED, flags = /** @type {string[]} */ ([]) } = {},
) => {
  const sources = [{ values: { ...GOOD, ...vars }, place: () => "here" }];
  return faultsOf({ sources, bindings, flags, stored });
};
const named = async (...args) => (await judge(...args)).map(({ setting }) => setting);

test("every fault is found at once", async () => {
  assert.deepEqual(await judge({}), []);
  const bad = { ACCESS_TOKEN_TTL: "10m", SESSION_STORE: "redis", MAIL_FROM: "nobody" };
  assert.deepEqual((await named(bad)).sort(), Object.keys(bad).sort());
  assert.deepEqual(await named({}, { stored: [] }), STORED);
  assert.deepEqual(
    await named({ MAIL_PROVIDER: "cloudflare" }),
    ["MAIL_API_KEY", "MAIL_API_URL", "MAIL_FROM"],
    "what a provider needs",
  );
});

test("a number, a boolean or a list in wrangler.toml is read, and not taken for a missing setting", async () => {
  assert.deepEqual(await judge({ ACCESS_TOKEN_TTL: 300 }), []);
  const [number] = await judge({ ACCESS_TOKEN_TTL: 10 });
  assert.match(number.problem, /^is "10", but/);
  const [boolean] = await judge({ DEV: true });
  assert.match(boolean.problem, /^is "true", but/);
  assert.deepEqual(await named({ ALLOWED_ORIGINS: ["https://a.example"] }), ["ALLOWED_ORIGINS"]);
});

test("a binding that the settings need is named", async () => {
  assert.deepEqual(await named({}, { bindings: [] }), ["DB", "SESSIONS"]);
  assert.deepEqual(
    await named({ SESSION_STORE: "durable", PASSWORD_WORK: "durable" }, { bindings: [] }),
    ["DB", "SESSION_OBJECTS", "ACCOUNT_OBJECTS"],
  );
  const mail = { MAIL_PROVIDER: "cloudflare-binding", MAIL_FROM: "login@example.com" };
  assert.deepEqual(await named(mail), ["EMAIL"]);
});

test("a compatibility flag that a setting needs is looked for in the configuration", async () => {
  const on = { CLIENT_ID_METADATA: "on" };
  const [{ setting, problem }] = await judge(on, { flags: ["nodejs_compat"] });
  assert.equal(setting, "CLIENT_ID_METADATA");
  assert.match(problem, /flag global_fetch_strictly_public is not set/);
  assert.deepEqual(await judge(on, { flags: ["global_fetch_strictly_public"] }), []);
  assert.deepEqual(await named(on), ["CLIENT_ID_METADATA"], "each judgement has its own flags");
});

test("empty and misspelt settings are named, a variable of an extended Worker is not", async () => {
  assert.deepEqual(await named({ TURNSTILE_SECRET: "" }), ["TURNSTILE_SECRET"]);
  assert.deepEqual(await named({ PEPPERS: " \n" }), ["PEPPERS"]);
  assert.deepEqual(await named({ APP_URL: "" }), ["APP_URL"]);
  const [fault] = await judge({ ACCES_TOKEN_TTL: "600" });
  assert.equal(fault.setting, "ACCESS_TOKEN_TTL");
  assert.equal(fault.misspelt, "ACCES_TOKEN_TTL");
  assert.match(fault.problem, /"ACCES_TOKEN_TTL"/);
  assert.deepEqual(await judge({ STRIPE_KEY: "", FEATURES: ["a"], DEBUG: "1" }), []);
});

test("a message has the setting, the value, its place and a remedy; a secret is not shown", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-settings-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const toml = join(folder, "wrangler.toml");
  writeFileSync(
    toml,
    '[vars]\nISSUER = "https://auth.example.com"\nREUSE = "never"\n\n[env.staging.vars]\nREUSE = "loose"\n',
  );
  const file = join(folder, "vars");
  const secret = `${ticketSecret()}"`;
  writeFileSync(file, `DEV=1\nTICKET_SECRET='"${secret}'\n`);
  const sources = [
    fromOptions(new Map([["SESSION_STORE", "redis"]])),
    fromEnvFile(file, { TICKET_SECRET: `"${secret}`, SIGNING_KEYS: signingKeys() }),
    fromConfig(toml, { ISSUER: "https://auth.example.com", REUSE: "loose" }, "staging"),
  ];
  const text = told(await faultsOf({ sources, bindings: BOUND }), {
    sources,
    environment: "staging",
    local: true,
  });
  assert.match(text, /SESSION_STORE is "redis", but must be "kv" or "durable"/);
  assert.match(text, /SESSION_STORE is set on the command line: --var SESSION_STORE/);
  assert.match(text, /REUSE is set in .*wrangler\.toml, line 6, under \[env\.staging\.vars\]/);
  assert.match(text, /TICKET_SECRET begins and ends with a quotation mark/);
  assert.match(text, /TICKET_SECRET is set in .*vars, line 2\./);
  assert.ok(!text.includes(secret.slice(0, 20)), "a secret is shown");
  assert.match(text, /Change it, or remove it/);
});

test("a setting of a wrangler.jsonc is found there, also in an environment", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-settings-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "wrangler.jsonc");
  writeFileSync(
    path,
    '{\n  // "REUSE": "strict"\n  "vars": {\n    "REUSE": "never"\n  },\n  "env": { "staging": { "vars": {\n    "REUSE": "loose"\n  } } }\n}\n',
  );
  const place = (environment) => fromConfig(path, {}, environment).place("REUSE");
  assert.match(place(undefined), /wrangler\.jsonc, line 4, under vars$/);
  assert.match(place("staging"), /wrangler\.jsonc, line 7, under env\.staging\.vars$/);
  assert.match(
    told([{ setting: "ISSUER", problem: "is missing", remedy: "Add it." }], {
      sources: [],
      local: false,
      path: "wrangler.jsonc",
    }),
    /Its place: wrangler\.jsonc, under vars\./,
  );
});

test("a contradiction shows the places of both settings", async () => {
  const sources = [
    { values: { SESSION_TTL: "3600" }, place: () => "in A" },
    { values: { SESSION_IDLE_TTL: "7200", ...GOOD }, place: () => "in B" },
  ];
  const text = told(await faultsOf({ sources, bindings: BOUND, stored: STORED }), {
    sources,
    local: false,
  });
  assert.match(text, /SESSION_IDLE_TTL is set in B\./);
  assert.match(text, /SESSION_TTL is set in A\./);
});

test("what is missing has its place too", async () => {
  const faults = await faultsOf({ sources: [], bindings: BOUND, stored: ["SIGNING_KEYS"] });
  const text = told(faults, { sources: [], environment: "staging", local: false });
  assert.match(
    text,
    /ISSUER is missing\.\n {4}Its place: wrangler\.toml, under \[env\.staging\.vars\]/,
  );
  assert.match(
    text,
    /TICKET_SECRET is missing\.\n.*npx wrangler secret put TICKET_SECRET --env staging/,
  );
});

test("the names of the secrets are those of docs/options.md", () => {
  const [, table] = readFileSync(inRoot("docs/options.md"), "utf8").split("\n## Secrets");
  const names = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(SECRETS).sort(), names.sort());
});

test("an unknown environment is refused, and the nearest is named", () => {
  assert.equal(environmentProblem(undefined, ["staging"]), null);
  assert.equal(environmentProblem("", ["staging"]), null);
  assert.equal(environmentProblem("staging", ["staging"]), null);
  const near = environmentProblem("stagign", ["preview", "staging"]);
  assert.match(near ?? "", /no environment "stagign" in wrangler\.toml\. Did you mean "staging"\?/);
  assert.match(near ?? "", /It has: "preview", "staging"/);
  const far = environmentProblem("production", ["staging"]) ?? assert.fail("no problem");
  assert.doesNotMatch(far, /Did you mean/);
  assert.match(environmentProblem("staging", []) ?? "", /It has none/);
});

test("CLOUDFLARE_ENV does not change which environment is read", async () => {
  const read = async (environment) => {
    const { name, others } = await configuration.readConfig({
      ...{ path: inRoot("wrangler.toml"), environment, withOthers: true },
      env: { ...toolEnv(), CLOUDFLARE_ENV: "staging" },
    });
    return [name, ...others.map((other) => other.name)];
  };
  const [top, staging] = ["edgegate", "edgegate-staging"];
  assert.deepEqual(await read(undefined), [top, staging]);
  assert.deepEqual(await read("staging"), [staging, top]);
});

test("an edit is noticed once, also by an editor that replaces the file", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-settings-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [first, second] = ["a", "b"].map((name) => join(folder, name));
  writeFileSync(first, "1");
  const edits = watchEdits([first, second]);
  writeFileSync(second, "new");
  assert.equal(await edits.next(), second);
  rmSync(first);
  const next = edits.next();
  writeFileSync(first, "2");
  assert.equal(await next, first);
});

test("a line that wrangler would ignore is found; comments and long values are not", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-settings-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "vars");
  const good = `# REUSE strict\n\n A=1 # one\nexport B = 2\nC: 3\nD=\nE='{\n  "x": 1\n}'\nF="a\nb"\n`;
  writeFileSync(file, good);
  assert.deepEqual(ignoredLines(file), []);
  writeFileSync(file, `${good}TICKET_SECRET abc\n=5\n`);
  const lines = ignoredLines(file);
  assert.equal(lines.length, 2);
  assert.match(lines[0], /line 12 \(it begins with TICKET_SECRET\), is not a setting/);
  assert.match(lines[1], /line 13, is not a setting/);
  assert.doesNotMatch(lines.join(), /abc/);
  assert.deepEqual(ignoredLines(join(folder, "none")), []);
});

test("a mistake in the file itself is shown with its line", async (t) => {
  const path = `wrangler.test-${process.pid}.toml`;
  t.after(() => rmSync(inRoot(path), { force: true }));
  writeFileSync(inRoot(path), 'name = "x"\n\n[vars]\nREUSE = strict\n');
  await assert.rejects(
    readConfig(undefined, { path }),
    /can't be read.*\(line 4: REUSE = strict\)/,
  );
});

test("a misspelt field or table is named, at the top and in an environment", async (t) => {
  const path = `wrangler.test-${process.pid}.toml`;
  t.after(() => rmSync(inRoot(path), { force: true }));
  writeFileSync(
    inRoot(path),
    'name = "x"\nroutse = []\n[var]\nREUSE = "strict"\n[env.staging]\nvrs = {}\n',
  );
  await assert.rejects(
    readConfig("staging", { path }),
    /"routse", "var" at the top level; "vrs" under env\.staging\. Correct each name/,
  );
});

test("a variable of the command line needs a colon, and its value is not shown", () => {
  const read = (...args) => wranglerArguments(args).vars;
  assert.deepEqual(
    [...read("--var", "A:b:c", "B:")],
    [
      ["A", "b:c"],
      ["B", ""],
    ],
  );
  for (const wrong of ["TICKET_SECRET=abc", "TICKET_SECRET", ":abc", "A=b:c"])
    assert.throws(
      () => read("--var", wrong),
      ({ message }) => /is not NAME:value/.test(message) && !/abc/.test(message),
    );
  assert.throws(() => read("--var"), /--var has no value/);
});
