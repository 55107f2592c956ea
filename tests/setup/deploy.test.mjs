// Tests which errors in a configuration `edgegate deploy` finds before it calls Cloudflare. The
// tests use changed copies of wrangler.toml. tests/deploy/ runs the complete command.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { unstable_readConfig } from "wrangler";
import { requireConfirmation } from "../../npm/edgegate-worker/cli/lib/confirm.js";
import { judge, templateNamesProblem } from "../../npm/edgegate-worker/cli/lib/deployment.js";
import { requiredLacks } from "../../npm/edgegate-worker/cli/lib/required.js";
import { readConfig } from "../../scripts/project/config.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { BUILT } from "../../scripts/settings/check.mjs";
import { runScript } from "./npm-start.mjs";

const ISSUER = "https://auth.example.com";
const STORED = ["SIGNING_KEYS", "TICKET_SECRET"];
const configs = [];
after(() => {
  for (const path of configs) rmSync(inRoot(path), { force: true });
});

/**
 * Writes a changed copy of wrangler.toml into the folder of wrangler.toml. Returns the path of the
 * copy.
 */
function changed(change) {
  const path = `wrangler.test-${process.pid}-${configs.length}.toml`;
  writeFileSync(inRoot(path), change(readFileSync(inRoot("wrangler.toml"), "utf8")));
  configs.push(path);
  return path;
}

// The configurations that `check` has read so far. wrangler takes a second to read a configuration,
// so `check` reads each configuration only once.
const read = new Map();

/**
 * @param {Record<string, string>} [vars]
 * @param {{ environment?: string, path?: string, stored?: string[], secretsFile?: string }} [more]
 */
async function check(vars = {}, { environment, path = "wrangler.toml", ...more } = {}) {
  const key = `${environment} ${path}`;
  if (!read.has(key)) read.set(key, await readConfig(environment, { path }));
  return judge({
    ...{ config: read.get(key), environment, path: inRoot(path), file: path },
    ...{ vars: new Map(Object.entries({ ISSUER, ...vars })), checker: inRoot(BUILT) },
    ...{ stored: STORED, ...more },
  });
}

test("good settings have no problem, at the top and in staging", async () => {
  for (const environment of [undefined, "staging"]) {
    const { problems, issuer } = await check({}, { environment });
    assert.deepEqual([problems, issuer], [[], null], environment);
    assert.deepEqual(requiredLacks(await readConfig(environment), environment), []);
  }
});

test("[env.staging] binds everything that the top level binds, each to a thing of its own", () => {
  const config = inRoot("wrangler.toml");
  const [production, staging] = [undefined, "staging"].map((env) =>
    unstable_readConfig({ config, env }, { hideWarnings: true }),
  );
  for (const key of ["kv_namespaces", "d1_databases", "durable_objects", "queues", "ratelimits"]) {
    const [top, own] = [production, staging].map((each) => JSON.stringify(each[key]));
    const nameless = (text) =>
      text.replaceAll("edgegate-staging", "edgegate").replaceAll(/"10[01]\d"/g, '"n"');
    assert.equal(nameless(own), nameless(top), key);
    if (["d1_databases", "queues", "ratelimits"].includes(key)) assert.notEqual(own, top, key);
  }
  const names = ({ d1_databases, queues, ratelimits }) => [
    ...d1_databases.map(({ database_name }) => database_name),
    ...queues.producers.map(({ queue }) => queue),
    ...queues.consumers.map(({ queue }) => queue),
    ...ratelimits.map(({ namespace_id }) => namespace_id),
  ];
  const shared = names(staging).filter((name) => names(production).includes(name));
  assert.deepEqual(shared, []);
  assert.deepEqual(staging.triggers, production.triggers);
});

test("a bad setting, wherever it is, is a problem with its place", async () => {
  const path = changed((text) =>
    text.replace('ACCESS_TOKEN_TTL = "600"', 'ACCESS_TOKEN_TTL = "10m"\nACCES_TOKEN_TTL = "60"'),
  );
  const { problems } = await check({ SESSION_STORE: "redis" }, { path });
  const [text] = problems;
  assert.match(text, /ACCESS_TOKEN_TTL is "10m"/);
  assert.match(text, new RegExp(`${path}, line \\d+, under \\[vars\\]`));
  assert.match(text, /ACCESS_TOKEN_TTL is misspelt as "ACCES_TOKEN_TTL"/);
  assert.match(text, /SESSION_STORE is "redis"[\s\S]*on the command line/);
});

test("a secret that is not stored is a problem, and the remedy says where it goes", async () => {
  const { problems } = await check({}, { environment: "staging", stored: ["SIGNING_KEYS"] });
  assert.match(problems[0], /TICKET_SECRET is missing/);
  assert.match(problems[0], /npx wrangler secret put TICKET_SECRET --env staging/);
  assert.match(problems[0], /Restore your copy/);

  const misspelt = await check({}, { stored: [...STORED, "TURNSTILE_SECRETS"] });
  assert.match(misspelt.problems[0], /TURNSTILE_SECRET is misspelt as "TURNSTILE_SECRETS"/);

  const mail = { MAIL_PROVIDER: "resend", MAIL_FROM: "login@example.com" };
  const secretsFile = ".edgegate/secrets.production.json";
  const { problems: keyless } = await check(mail, { secretsFile });
  assert.match(
    keyless[0],
    /MAIL_API_KEY is missing[\s\S]*secrets\.production\.json, as in \{"MAIL/,
  );
  const withKey = await check(mail, { stored: [...STORED, "MAIL_API_KEY"] });
  assert.deepEqual(withKey.problems, []);
});

test("a secret is not deployed as a variable, which others can read", async () => {
  const given = await check({ MAIL_API_KEY: "re_123456" });
  assert.match(given.problems[0], /MAIL_API_KEY is a secret, and is set on the command line/);
  const path = changed((text) => text.replace("[vars]\n", '[vars]\nPEPPERS = "1:re_123456"\n'));
  const written = await check({}, { path });
  assert.match(
    written.problems[0],
    /PEPPERS is a secret, and is set in .*, line \d+, under \[vars\]/,
  );
  for (const text of [given.problems[0], written.problems[0]]) {
    assert.match(text, /put it into \.edgegate\/secrets\.production\.json/);
    assert.ok(!text.includes("re_123456"));
  }
});

test("a missing binding is a problem, and a missing limit a note", async () => {
  const path = changed((text) =>
    text
      .replace('[[kv_namespaces]]\nbinding = "SESSIONS"\n', "")
      .replaceAll(/^\[\[ratelimits\]\]\nname.*\nnamespace_id.*\nsimple.*\n/gm, ""),
  );
  const { problems, notes } = await check({}, { path });
  assert.match(problems[0], /SESSIONS is not bound/);
  assert.match(notes.join("\n"), /IP_LIMITER.* not bound/);
});

test("what this version needs is named: crons, classes and paths", async () => {
  const lacks = async (change, environment) => {
    const config = await readConfig(environment, { path: changed(change) });
    return requiredLacks(config, environment).map(({ what }) => what);
  };
  const crons = (value) => (text) =>
    text.replace('crons = ["* * * * *", "*/5 * * * *"]', `crons = ${value}`);
  assert.deepEqual(await lacks(crons('["* * * * *"]')), ['the cron "*/5 * * * *"']);
  // With SESSION_STORE "kv", the cron job of every minute is not needed. This job updates the
  // copies of users' rows in Durable Objects, which the service uses only with "durable".
  assert.deepEqual(await lacks(crons('["*/5 * * * *"]')), []);
  assert.deepEqual(
    await lacks((text) =>
      crons('["*/5 * * * *"]')(text).replaceAll(
        'SESSION_STORE = "kv"',
        'SESSION_STORE = "durable"',
      ),
    ),
    ['the cron "* * * * *"'],
  );
  const classless = (text) =>
    text
      .replace('[[migrations]]\ntag = "mail-gate"\nnew_sqlite_classes = ["MailGate"]\n', "")
      .replace('  "/console",\n', "");
  assert.deepEqual(await lacks(classless), ["the class MailGate", 'the path "/console"']);
  assert.deepEqual(
    await lacks(
      (text) =>
        text.replace(/\[\[env\.staging\.durable_objects\.bindings\]\]\nname = "MAIL.*\n.*\n/, ""),
      "staging",
    ),
    ["the Durable Object binding MAIL_GATE_OBJECTS"],
  );
});

test("the cron that the Worker tells apart is the one that is asked for", () => {
  const source = readFileSync(inRoot("src/edge/mail_jobs.rs"), "utf8");
  const [, text] = /EACH_MINUTE: &str = "(.+)"/.exec(source) ?? [];
  const required = readFileSync(inRoot("npm/edgegate-worker/cli/lib/required.js"), "utf8");
  assert.ok(text && required.includes(`EACH_MINUTE = "${text}"`));
});

test("names that Cloudflare refuses and stores that two environments share are problems", async () => {
  const path = "wrangler.toml";
  const config = { ...(await readConfig()), name: "n".repeat(64) };
  const staging = JSON.stringify(await readConfig("staging"));
  const others = [
    JSON.parse(
      staging
        .replace('"database_name":"edgegate-staging"', '"database_name":"edgegate"')
        .replaceAll('"edgegate-staging-mail"', '"edgegate-mail"'),
    ),
  ];
  const { problems } = await judge({
    ...{ config, others, path: inRoot(path), file: path, stored: STORED, checker: inRoot(BUILT) },
    vars: new Map([["ISSUER", ISSUER]]),
  });
  assert.match(problems[0], /the name "n+" in wrangler\.toml can't be a Worker's/);
  assert.match(problems[1], /the database "edgegate" and the queue "edgegate-mail".*belong to/);
});

test("one database for two environments is a problem, whatever its name", async () => {
  const path = "wrangler.toml";
  const database_id = "0b1c2d3e-0000-4000-8000-000000000001";
  const withId = async (environment) => {
    const config = await readConfig(environment);
    const d1_databases = config.d1_databases.map((database) => ({ ...database, database_id }));
    return { ...config, d1_databases };
  };
  const { problems } = await judge({
    ...{ config: await withId("staging"), environment: "staging", others: [await withId()] },
    ...{ path: inRoot(path), file: path, stored: STORED, checker: inRoot(BUILT) },
    vars: new Map([["ISSUER", ISSUER]]),
  });
  assert.match(problems.join("\n"), /the database 0b1c2d3e-\S+ in wrangler\.toml belongs to/);
});

test("an environment must not take the routes of another, and the top level keeps them", async () => {
  const path = "wrangler.toml";
  const [top, staging] = await Promise.all([readConfig(), readConfig("staging")]);
  const routes = [{ pattern: "auth.example.com", custom_domain: true }];
  const judged = async (config, other, environment) =>
    (
      await judge({
        ...{ config, environment, others: [other] },
        ...{ path: inRoot(path), file: path, stored: STORED, checker: inRoot(BUILT) },
        vars: new Map([["ISSUER", "https://auth.example.com"]]),
      })
    ).problems;
  const [problem, ...more] = await judged({ ...staging, routes }, { ...top, routes }, "staging");
  assert.match(
    problem,
    /^the route "auth\.example\.com" in wrangler\.toml belongs to the Worker edgegate too.*Give env\.staging routes of its own, or routes = \[\] and workers_dev = true for none\.$/,
  );
  assert.deepEqual(more, []);
  assert.deepEqual(await judged({ ...top, routes }, { ...staging, routes }), []);
  assert.deepEqual(await judged({ ...staging, routes }, top, "staging"), []);
  assert.deepEqual(
    await judged({ ...staging, route: "auth.example.com" }, { ...top, routes }, "staging"),
    [`${problem} At the top, write "route" as "routes" first.`],
    "a single route too",
  );
});

test("names of the template are noticed in a Worker of another name", () => {
  const config = inRoot("template/wrangler.jsonc");
  for (const env of [undefined, "staging"]) {
    const read = unstable_readConfig({ config, env }, { hideWarnings: true });
    assert.equal(templateNamesProblem(read, "wrangler.jsonc"), undefined);
    const renamed = { ...read, topLevelName: "shop" };
    const problem = templateNamesProblem(renamed, "wrangler.jsonc") ?? assert.fail("none");
    const ending = env ? "-staging" : "";
    const [, names = ""] =
      /^the Worker is "shop", but (.*?) in wrangler\.jsonc/.exec(problem) ?? [];
    assert.deepEqual(
      names.split(", ").toSorted(),
      ["", "-mail", "-mail-dead", "-notices", "-notices-dead"].map(
        (end) => `my-auth${ending}${end}`,
      ),
    );
    // These names are accepted. It does not matter whether a person or `npm create edgegate` has
    // written them.
    for (const name of ["shop", "my-auth-2"]) {
      const text = JSON.stringify(read).replaceAll("my-auth", name);
      assert.equal(templateNamesProblem(JSON.parse(text), "wrangler.jsonc"), undefined, name);
    }
  }
});

test("ISSUER is where the routes lead", async () => {
  const path = changed((text) =>
    text
      .replace("# routes = [{ pattern", "routes = [{ pattern")
      .replace(/^routes.*$/m, (line) => line),
  );
  const good = await check({ ISSUER: "https://auth.example.com" }, { path });
  assert.deepEqual(good.problems, []);
  const bad = await check({ ISSUER: "https://login.example.com" }, { path });
  assert.match(bad.problems[0], /"routes" in .* has only "auth\.example\.com"/);
});

test("a change of production is confirmed by a person, by --yes, or by a build on Cloudflare", async () => {
  const isTerminal = false;
  await assert.rejects(requireConfirmation("?", { isTerminal, env: {} }), /add --yes/);
  await requireConfirmation("?", { isTerminal, yes: true, env: {} });
  await requireConfirmation("?", { isTerminal, env: { WORKERS_CI: "1" } });
});

const EDGEGATE = "npm/edgegate-worker/cli/edgegate.js";

test("a local ISSUER stops a deploy, and an unknown environment every script", async (t) => {
  /** @type {[string, string[], NodeJS.ProcessEnv, RegExp][]} */
  const cases = [
    ["scripts/deploy.mjs", [], {}, /ISSUER is "http:\/\/127\.0\.0\.1:8787", which is this machine/],
    ["scripts/deploy.mjs", ["--env", "stagign", "--dry-run"], {}, /Did you mean "staging"/],
    ["scripts/deploy.mjs", ["--dry-run"], { CLOUDFLARE_ENV: "stagign" }, /Did you mean "staging"/],
    [EDGEGATE, ["users", "grant", "a@b.example", "x", "--env", "stagign"], {}, /Did you mean/],
    [EDGEGATE, ["mail", "list"], { CLOUDFLARE_ENV: "stagign" }, /Did you mean/],
    [EDGEGATE, ["pseudonym", "a@b.example", "--env", "stagign"], {}, /Did you mean/],
    [EDGEGATE, ["keys", "make", "--env", "stagign"], {}, /Did you mean "staging"/],
  ];
  for (const [script, args, env, words] of cases)
    await t.test([script, ...args, ...Object.values(env)].join(" "), async () => {
      const { code, text } = await runScript(script, args, env).done;
      assert.equal(code, 1, text);
      assert.match(text, words);
    });
});
