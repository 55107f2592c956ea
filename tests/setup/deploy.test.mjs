// `npm run deploy` checks everything that the Worker would check before it uploads. wrangler is the
// real one; Cloudflare is a stand-in on this machine.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { unstable_readConfig } from "wrangler";
import { readConfig } from "../../scripts/project/config.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { checkDeployment } from "../../scripts/settings/deployment.mjs";
import { missingMigrations, storedSecrets } from "../../scripts/settings/remote.mjs";
import { runScript } from "./npm-start.mjs";

const ISSUER = "https://auth.example.com";
const STORED = ["SIGNING_KEYS", "TICKET_SECRET"];
const configs = [];
after(() => {
  for (const path of configs) rmSync(inRoot(path), { force: true });
});

/** wrangler.toml with changes, beside it. */
function changed(change) {
  const path = `wrangler.test-${process.pid}-${configs.length}.toml`;
  writeFileSync(inRoot(path), change(readFileSync(inRoot("wrangler.toml"), "utf8")));
  configs.push(path);
  return path;
}

/**
 * What Cloudflare answers: the secrets that are stored, and the migrations that are missing.
 *
 * @param {{ secrets?: string[] | null, missing?: string[], fails?: string }} [answers]
 */
function cloudflare({ secrets = STORED, missing = [], fails = "" } = {}) {
  const asked = [];
  const ask = async (...args) => {
    asked.push(args.join(" "));
    if (fails) return { code: 1, output: fails };
    if (args[0] !== "secret") return { code: 0, output: missing.join("\n") };
    return secrets
      ? { code: 0, output: JSON.stringify(secrets.map((name) => ({ name, type: "secret_text" }))) }
      : { code: 1, output: "This Worker does not exist on your account. [code: 10007]" };
  };
  return { ask, asked };
}

// Reading a configuration takes wrangler a second.
const read = new Map();

/**
 * @param {Record<string, string>} [vars]
 * @param {ReturnType<typeof cloudflare>} [world]
 * @param {{ environment?: string, path?: string }} [more]
 */
async function check(vars = {}, world = cloudflare(), { environment, path } = {}) {
  const key = `${environment} ${path}`;
  if (!read.has(key)) read.set(key, await readConfig(environment, { path }));
  const given = { config: read.get(key), environment, path };
  return checkDeployment({ ...given, vars: new Map(Object.entries({ ISSUER, ...vars })) }, world);
}

test("good settings have no problem, at the top and in staging", async () => {
  for (const environment of [undefined, "staging"]) {
    const world = cloudflare();
    const { problems, issuer } = await check({}, world, { environment });
    assert.deepEqual([problems, issuer], [[], null], environment);
    for (const asked of world.asked) assert.ok(asked.includes(`--env=${environment ?? ""}`), asked);
    assert.equal(world.asked.length, 2, "secrets, and migrations");
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
  const { problems } = await check({ SESSION_STORE: "redis" }, cloudflare(), { path });
  const [text] = problems;
  assert.match(text, /ACCESS_TOKEN_TTL is "10m"/);
  assert.match(text, new RegExp(`${path}, line \\d+, under \\[vars\\]`));
  assert.match(text, /ACCESS_TOKEN_TTL is misspelt as "ACCES_TOKEN_TTL"/);
  assert.match(text, /SESSION_STORE is "redis"[\s\S]*on the command line/);
});

test("a secret that is not stored is a problem; of a new Worker it is a note", async () => {
  const { problems } = await check({}, cloudflare({ secrets: ["SIGNING_KEYS"] }), {
    environment: "staging",
  });
  assert.match(problems[0], /TICKET_SECRET is missing/);
  assert.match(problems[0], /npx wrangler secret put TICKET_SECRET --env staging/);
  assert.match(problems[0], /Restore your copy/);

  const fresh = await check({}, cloudflare({ secrets: null }));
  assert.deepEqual([fresh.problems, fresh.isNew], [[], true]);
  assert.match(fresh.notes[0], /secret put SIGNING_KEYS\n.*secret put TICKET_SECRET/);

  const misspelt = await check({}, cloudflare({ secrets: [...STORED, "TURNSTILE_SECRETS"] }));
  assert.match(misspelt.problems[0], /TURNSTILE_SECRET is misspelt as "TURNSTILE_SECRETS"/);

  const mail = { MAIL_PROVIDER: "resend", MAIL_FROM: "login@example.com" };
  assert.match((await check(mail)).problems[0], /MAIL_API_KEY is missing/);
  const withKey = cloudflare({ secrets: [...STORED, "MAIL_API_KEY"] });
  assert.deepEqual((await check(mail, withKey)).problems, []);
});

test("a missing binding or migration is a problem", async () => {
  const path = changed((text) =>
    text
      .replace('[[kv_namespaces]]\nbinding = "SESSIONS"\n', "")
      .replaceAll(/^\[\[ratelimits\]\]\nname.*\nnamespace_id.*\nsimple.*\n/gm, ""),
  );
  const { problems, notes } = await check({}, cloudflare(), { path });
  assert.match(problems[0], /SESSIONS is not bound/);
  assert.match(notes.join("\n"), /IP_LIMITER.* not bound/);

  const lacking = cloudflare({
    missing: ["│ 0006_administrators.sql │", "│ 0007_departures.sql │"],
  });
  const { problems: pending } = await check({}, lacking, { environment: "staging" });
  assert.match(pending[0], /lacks 0006_administrators\.sql, 0007_departures\.sql/);
  assert.match(pending[0], /npx wrangler d1 migrations apply DB --remote --env staging/);
});

test("a note says that failed mails are not retried without the second cron", async () => {
  for (const [crons, isTold] of /** @type {const} */ ([
    ["[]", true],
    ['["* * * * *"]', true],
    ['["*/5 * * * *"]', false],
  ])) {
    const path = changed((text) =>
      text.replace('crons = ["* * * * *", "*/5 * * * *"]', `crons = ${crons}`),
    );
    const { notes } = await check({}, cloudflare(), { path });
    assert.equal(
      notes.some((note) => note.includes("failed mails are not sent again")),
      isTold,
      crons,
    );
  }
});

test("with durable a note says that the cron of each minute is missing", async () => {
  const path = changed((text) =>
    text.replace('crons = ["* * * * *", "*/5 * * * *"]', 'crons = ["*/5 * * * *"]'),
  );
  for (const [store, file, isTold] of /** @type {const} */ ([
    ["durable", path, true],
    ["kv", path, false],
    ["durable", undefined, false],
  ])) {
    const { problems, notes } = await check({ SESSION_STORE: store }, cloudflare(), { path: file });
    assert.deepEqual(problems, []);
    assert.equal(
      notes.some((note) => note.includes('the cron "* * * * *" is missing')),
      isTold,
    );
  }
  const source = readFileSync(inRoot("src/edge/mail_jobs.rs"), "utf8");
  const [, text] = /EACH_MINUTE: &str = "(.+)"/.exec(source) ?? [];
  assert.ok(readFileSync(inRoot("scripts/settings/deployment.mjs"), "utf8").includes(`"${text}"`));
});

test("when Cloudflare can't be asked, a note says what was not checked", async () => {
  const { problems, notes } = await check({}, cloudflare({ fails: "✘ [ERROR] Timed out" }));
  assert.deepEqual(problems, []);
  assert.match(notes[0], /not asked which secrets are stored \(Timed out\)/);
  const bad = await check({ REUSE: "x" }, cloudflare({ fails: "✘ [ERROR] Timed out" }));
  assert.match(bad.problems[0], /REUSE is "x"/, "the rest is checked");
});

test("a local ISSUER stops a deploy, and an unknown environment every script", async (t) => {
  /** @type {[string, string[], NodeJS.ProcessEnv, RegExp][]} */
  const cases = [
    ["scripts/deploy.mjs", [], {}, /ISSUER is "http:\/\/127\.0\.0\.1:8787", which is this machine/],
    ["scripts/deploy.mjs", ["--env", "stagign", "--dry-run"], {}, /Did you mean "staging"/],
    ["scripts/deploy.mjs", ["--dry-run"], { CLOUDFLARE_ENV: "stagign" }, /Did you mean "staging"/],
    ["scripts/admin.mjs", ["grant", "a@b.example", "x", "--env", "stagign"], {}, /Did you mean/],
    ["scripts/admin.mjs", ["mail", "list"], { CLOUDFLARE_ENV: "stagign" }, /Did you mean/],
    ["scripts/admin.mjs", ["pseudonym", "a@b.example", "--env", "stagign"], {}, /Did you mean/],
    ["scripts/keys.mjs", ["--env", "stagign"], {}, /Did you mean "staging"/],
  ];
  for (const [script, args, env, words] of cases)
    await t.test([script, ...args, ...Object.values(env)].join(" "), async () => {
      const { code, text } = await runScript(script, args, env).done;
      assert.equal(code, 1, text);
      assert.match(text, words);
    });
});

test("wrangler asks Cloudflare, and uploads only what was found good", {
  timeout: 180_000,
}, async (t) => {
  const { env, requests, state } = await standIn(t);
  for (const name of ["CLOUDFLARE_API_BASE_URL", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"])
    process.env[name] = env[name];
  state.secrets = [...STORED, "PEPPERS"];
  assert.deepEqual(await storedSecrets(["--env="]), state.secrets);
  state.secrets = null;
  assert.equal(await storedSecrets(["--env=staging"]), undefined, "a Worker that does not exist");
  assert.deepEqual(await missingMigrations(["--env="]), [], "a database that does not exist");
  state.database = "edgegate";
  state.applied = ["0001_users.sql", "0002_mail.sql"];
  const missing = await missingMigrations(["--env="]);
  assert.equal(missing[0], "0003_links.sql");
  assert.equal(missing.at(-1), ALL.at(-1));
  state.fails = true;
  await assert.rejects(storedSecrets(["--env="]), /Authentication error|10000/);
  state.fails = false;

  state.secrets = ["SIGNING_KEYS"];
  requests.length = 0;
  const args = ["--var", `ISSUER:${ISSUER}`];
  const refused = await runScript("scripts/deploy.mjs", args, env).done;
  assert.equal(refused.code, 1);
  assert.match(refused.text, /TICKET_SECRET is missing[\s\S]*Nothing was uploaded/);
  assert.ok(requests.length > 0);
  assert.deepEqual(requests.filter(isUpload), []);

  state.secrets = STORED;
  state.applied = null;
  const begun = await runScript("scripts/deploy.mjs", args, env).done;
  assert.ok(requests.some(isUpload), begun.text);
});

// wrangler looks for the Worker before it uploads one.
const isUpload = (request) => /\/workers\/services\//.test(request);

/** The part of Cloudflare's API that is asked before an upload. Everything else fails. */
async function standIn(t) {
  /**
   * @type {{
   *   secrets: string[] | null, database: string, applied: string[] | null, fails: boolean
   * }}
   */
  const state = { secrets: STORED, database: "", applied: null, fails: false };
  const requests = [];
  /** @returns {[number, unknown, object?]} */
  const answer = (method, path, body) => {
    if (state.fails) return [403, [], { code: 10000, message: "Authentication error" }];
    if (path.endsWith("/secrets"))
      return state.secrets
        ? [200, state.secrets.map((name) => ({ name, type: "secret_text" }))]
        : [404, null, { code: 10007, message: "This Worker does not exist on your account." }];
    if (path.endsWith("/d1/database"))
      return [
        200,
        state.database
          ? [{ uuid: "00000000-0000-4000-8000-000000000001", name: state.database }]
          : [],
      ];
    if (/\/d1\/database\/[^/]+\/(query|raw)$/.test(path)) {
      const names = state.applied ?? ALL;
      const isList = /SELECT \*/i.test(body);
      const results = isList ? names.map((name, n) => ({ id: n + 1, name, applied_at: "x" })) : [];
      return [200, [{ results, success: true, meta: {} }]];
    }
    if (/\/d1\/database\/[^/]+$/.test(path))
      return [
        200,
        {
          uuid: "00000000-0000-4000-8000-000000000001",
          name: state.database,
          version: "production",
        },
      ];
    return [404, null, { code: 7003, message: `the stand-in does not know ${method} ${path}` }];
  };
  const server = createServer((request, response) => {
    let body = "";
    request
      .on("data", (chunk) => (body += chunk))
      .on("end", () => {
        const { pathname } = new URL(request.url ?? "/", "http://stand-in");
        requests.push(`${request.method} ${pathname}`);
        const [status, result, error] = answer(request.method, pathname, body);
        response.writeHead(status, { "content-type": "application/json" });
        response.end(
          JSON.stringify({ success: !error, errors: error ? [error] : [], messages: [], result }),
        );
      });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  t.after(() => server.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const env = {
    CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}`,
    CLOUDFLARE_API_TOKEN: "stand-in",
    CLOUDFLARE_ACCOUNT_ID: "account",
  };
  return { env, requests, state };
}

const ALL = readdirSync(inRoot("migrations"));

test("a file of secrets that is no JSON is told without a stack or a secret", async (t) => {
  const path = `wrangler.test-${process.pid}.json`;
  t.after(() => rmSync(inRoot(path), { force: true }));
  writeFileSync(inRoot(path), '{"TICKET_SECRET": abc}');
  const given = { config: await readConfig(), vars: new Map([["ISSUER", ISSUER]]) };
  await assert.rejects(
    checkDeployment({ ...given, secretsFile: path }, cloudflare()),
    ({ name, message }) => name === "Error" && /not JSON/.test(message) && !/abc/.test(message),
  );
});
