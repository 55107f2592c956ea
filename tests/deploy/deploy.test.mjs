// Tests `edgegate deploy` with the real wrangler and a replacement for Cloudflare. The tests
// interrupt the command at several calls of the API, and `npm run test:wide` interrupts it at every
// call. Then the command runs again. After each run, the service must have its secrets if it
// answers, and no secret may have been replaced.
import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { before, test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { buildPackages } from "../package/package.mjs";
import { isWide } from "../wide.mjs";
import { startCloudflare } from "./cloudflare.mjs";
import { makeProject } from "./project.mjs";

const NAME = "my-auth";
const ADDRESS = "https://my-auth.acme.workers.dev";
const MADE = ["SIGNING_KEYS", "TICKET_SECRET"];
const PASSWORD = "a passphrase of several words";
const DEPLOY = ["deploy", "--yes", "--wait", "0"];
/**
 * The arguments of a deploy that waits until the new service answers. On a busy machine, the first
 * answer can take a long time.
 */
const WHOLE_DEPLOY = ["deploy", "--yes", "--wait", "120"];

before(buildPackages, { timeout: 600_000 });

/** Changes the configuration so that people can register without a mail. Then a test can log in. */
const open = (text) => text.replaceAll('"REGISTRATION": "verified"', '"REGISTRATION": "open"');
const isChange = ({ method, kind }) => method !== "GET" && !kind.endsWith("/query");

/**
 * Creates a project and a replacement for Cloudflare. `deploy(…)` runs the command. After each run,
 * it calls `requireSafe`.
 */
async function world(t, options = {}) {
  const cloudflare = await startCloudflare(t);
  const project = makeProject(t, { edit: open, ...options });
  return {
    cloudflare,
    project,
    /**
     * When the promise `kill` resolves, the command is killed. leash.js then stops the programs
     * that the command has started.
     */
    async deploy(args = WHOLE_DEPLOY, kill) {
      const earlier = project.secrets();
      const result = await project.run(args, cloudflare.env, { kill });
      await requireSafe({ cloudflare, project, earlier, result });
      return result;
    },
  };
}

/** Checks what must be true after every run of the command, even after a run that failed. */
async function requireSafe({ cloudflare, project, earlier, result }) {
  const { state } = cloudflare;
  const own = project.secrets();
  for (const [name, value] of Object.entries(earlier))
    assert.equal(own[name], value, `${name} in the file is kept`);
  for (const [name, values] of state.secrets) {
    assert.equal(values.size, 1, `${name} is stored once`);
    assert.ok(values.has(own[name]), `the copy of ${name} is what is stored`);
  }
  for (const value of Object.values(own))
    assert.ok(!result.text.includes(value), "no secret is printed");
  const answer = await cloudflare.ask(`${ADDRESS}/healthz`);
  const text = await answer.text();
  assert.ok(
    answer.status === 404 || (answer.status === 200 && text.includes('"ok"')),
    `strangers get nothing or a whole service, not ${answer.status} ${text}`,
  );
  const deployed = state.scripts.get(NAME)?.bindings ?? [];
  const issuers = deployed.filter(({ name }) => name === "ISSUER").map((binding) => binding.text);
  assert.deepEqual(issuers, state.scripts.has(NAME) ? [ADDRESS] : []);
}

/** Checks that anybody can register and log in. */
async function requireLogin(cloudflare, email = "ada@example.com") {
  const post = (path, body) =>
    cloudflare.ask(`${ADDRESS}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const registered = await post("/auth/register", { email, password: PASSWORD });
  assert.equal(registered.status, 201, await registered.text());
  const login = await post("/auth/login", { email, password: PASSWORD });
  assert.equal(login.status, 200);
  const { access_token } = await login.json();
  const claims = JSON.parse(Buffer.from(access_token.split(".")[1], "base64url").toString());
  assert.equal(claims.iss, ADDRESS);
  const page = await cloudflare.ask(`${ADDRESS}/sign-in`);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<form/);
}

/**
 * How a run of the command is interrupted at a call of the API. `how` says what happens: the call
 * gets an error ("refuse"), or its answer is lost ("lose"), or the command is killed while it waits
 * for the answer ("kill"). The interruption begins at the `nth` call of this kind, and all later
 * calls of this kind are interrupted too.
 *
 * @typedef {{ kind: string, nth?: number, how: "refuse" | "lose" | "kill" }} Interruption
 */

/** Runs the command and interrupts it. */
async function interrupted({ cloudflare, deploy }, { kind, nth = 1, how }) {
  let seen = 0;
  let isReached = false;
  const killed = Promise.withResolvers();
  cloudflare.setTrouble((call) => {
    // Later calls of this kind fail too. So the call fails again if a client repeats it.
    if (call.kind === kind) seen++;
    if (call.kind !== kind || seen < nth) return undefined;
    isReached = true;
    if (how !== "kill") return how;
    killed.resolve(undefined);
    return "lose";
  });
  const result = await deploy(DEPLOY, killed.promise);
  cloudflare.setTrouble(() => undefined);
  const label = `${how} ${kind} ${nth}`;
  assert.ok(isReached, `${label} is reached:\n${result.text}`);
  return { ...result, label };
}

/**
 * Interruptions at calls of different kinds. They are in the order in which a deploy makes these
 * calls.
 */
/** @type {Interruption[]} */
const SAMPLE = [
  { kind: "GET /workers/scripts/:name/secrets", how: "refuse" },
  { kind: "POST /d1/database", how: "kill" },
  { kind: "POST /queues", nth: 2, how: "lose" },
  { kind: "POST /d1/database/:id/query", nth: 6, how: "refuse" },
  { kind: "POST /workers/assets/upload", how: "kill" },
  { kind: "PUT /workers/scripts/:name", how: "lose" },
  { kind: "POST /queues/:id/consumers", nth: 2, how: "kill" },
  { kind: "PUT /workers/scripts/:name/schedules", how: "refuse" },
];

test("interrupted at one call of each kind and repeated, a deploy ends in a service that works", {
  timeout: 900_000,
}, async (t) => {
  const all = await world(t);
  for (const interruption of SAMPLE) {
    const { code, label, text } = await interrupted(all, interruption);
    assert.notEqual(code, 0, `${label}:\n${text}`);
  }
  const { cloudflare, project, deploy } = all;
  const last = await deploy([...WHOLE_DEPLOY, "--admin", "root@example.com"]);
  assert.equal(last.code, 0, last.text);
  assert.match(last.text, /my-auth answers at https:\/\/my-auth\.acme\.workers\.dev/);
  await requireWhole(all);
  await requireLogin(cloudflare);
  await requireAdminLink(cloudflare, last.text);

  const config = project.read("wrangler.jsonc");
  assert.match(config, /^ {4}"ISSUER": "https:\/\/my-auth\.acme\.workers\.dev",$/m);
  const [comment] =
    readFileSync(inRoot("template/wrangler.jsonc"), "utf8").match(/^.*`aud`.*$/m) ?? [];
  assert.match(comment ?? "", /^ *\/\/ /);
  assert.ok(config.includes(comment ?? ""), "comments are kept");
  assert.equal(statSync(project.secretsPath()).mode & 0o777, 0o600);
  assert.deepEqual(Object.keys(project.secrets()).toSorted(), MADE);
  assert.equal(project.read(".edgegate/.gitignore"), "*\n");
  const assets = [...(cloudflare.state.scripts.get(NAME)?.assets.keys() ?? [])];
  assert.ok(assets.length > 50);
  assert.deepEqual(
    assets.filter(
      (path) => /secret|\.json$/.test(path) && !/words|redirect\/secrets\.js/.test(path),
    ),
    [],
  );
  assert.deepEqual(
    project.files().filter((name) => /upload\.|\.lock$|\.new$/.test(name)),
    [],
    "no other file has a secret",
  );
});

/**
 * Checks that a person who opens the printed link can choose a password and becomes an
 * administrator.
 */
async function requireAdminLink(cloudflare, text) {
  const [, link] = /root@example\.com becomes an administrator[\s\S]*?(https:\S+)/.exec(text) ?? [];
  assert.ok(link, text);
  const { origin, pathname, hash } = new URL(link);
  assert.deepEqual([origin, pathname], [ADDRESS, "/reset-password"]);
  const post = (path, body) =>
    cloudflare.ask(`${ADDRESS}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const chosen = await post("/auth/password/confirm", {
    token: hash.slice(1),
    password: PASSWORD,
  });
  assert.ok(chosen.ok, `${chosen.status} ${await chosen.text()}`);
  const login = await post("/auth/login", { email: "root@example.com", password: PASSWORD });
  assert.equal(login.status, 200);
  assert.deepEqual((await login.json()).user.roles.toSorted(), ["admin", "user"]);
  const [{ results }] = await cloudflare.query(
    cloudflare.state.databases[0].uuid,
    "SELECT count(*) AS tickets FROM operator_tickets",
  );
  assert.deepEqual(results, [{ tickets: 0 }], "the operator's ticket is deleted");
}

/** Checks that each resource that the configuration names exists exactly once in the account. */
async function requireWhole({ cloudflare }) {
  const { state } = cloudflare;
  assert.deepEqual(
    state.databases.map(({ name }) => name),
    [NAME],
  );
  assert.deepEqual(
    state.queues.map(({ queue_name, consumers }) => [queue_name, consumers.length]).toSorted(),
    ["mail", "mail-dead", "notices", "notices-dead"].map((queue) => [`${NAME}-${queue}`, 1]),
  );
  assert.deepEqual(state.schedules.get(NAME), [{ cron: "* * * * *" }, { cron: "*/5 * * * *" }]);
  assert.deepEqual([...state.secrets.keys()].toSorted(), MADE);
}

test("wrangler alone makes every queue, as when the deploy button is used", async (t) => {
  const { cloudflare, project } = await world(t);
  project.write(
    "secrets.json",
    JSON.stringify(Object.fromEntries(MADE.map((name) => [name, "x"]))),
  );
  const args = ["deploy", "--secrets-file", "secrets.json"];
  const wrangler = await project.runWrangler(args, cloudflare.env);
  assert.equal(wrangler.code, 0, wrangler.text);
  await requireWhole({ cloudflare });
});

test("interrupted at every call in turn, each time from the beginning", {
  skip: isWide ? false : "npm run test:wide",
  timeout: 7_200_000,
  concurrency: 2,
}, async (t) => {
  const whole = await world(t);
  assert.equal((await whole.deploy()).code, 0);
  const { calls } = whole.cloudflare;
  /** @type {Record<string, number>} */
  const seen = {};
  /** @type {Interruption[]} */
  const each = calls.flatMap(({ kind }) => {
    const nth = (seen[kind] ?? 0) + 1;
    seen[kind] = nth;
    /** @type {Interruption["how"][]} */
    const hows = kind.startsWith("GET") ? ["refuse"] : ["refuse", "lose", "kill"];
    return hows.map((how) => ({ kind, nth, how }));
  });
  assert.ok(each.length > 60, `${each.length}`);
  await Promise.all(
    each.map((interruption) =>
      t.test(
        `${interruption.how} ${interruption.kind} ${interruption.nth}`,
        async (/** @type {import("node:test").TestContext} */ inner) => {
          const all = await world(inner);
          const { code, text } = await interrupted(all, interruption);
          // The command can succeed in spite of the interruption, because wrangler does not need
          // the answer to every call.
          if (code === 0) await requireWhole(all);
          else assert.doesNotMatch(text, /my-auth answers at/);
          const repeated = await all.deploy();
          assert.equal(repeated.code, 0, repeated.text);
          await requireWhole(all);
          await requireLogin(all.cloudflare);
        },
      ),
    ),
  );
});

test("what it refuses changes nothing", { timeout: 600_000 }, async (t) => {
  const { cloudflare, project, deploy } = await world(t);
  const { state, calls } = cloudflare;
  const before = project.read("wrangler.jsonc");
  /** Runs the command. It must refuse to deploy, with a message that matches `words`. */
  const refused = async (words, args = DEPLOY) => {
    const { code, text } = await deploy(args);
    assert.equal(code, 1, text);
    assert.match(text, words);
    assert.deepEqual(calls.filter(isChange), []);
    assert.deepEqual(project.secrets(), {}, "no secret is made");
  };
  await t.test("an unknown environment", async () => {
    await refused(/Did you mean "staging"/, [...DEPLOY, "--env", "stagign"]);
  });
  await t.test("an environment that npm has kept for itself, and what it leaves over", async () => {
    const kept = await project.run(DEPLOY, { ...cloudflare.env, npm_config_env: "staging" }, {});
    assert.equal(kept.code, 1, kept.text);
    assert.match(kept.text, /npm kept --env for itself/);
    await refused(/"staging" is not an option/, [...DEPLOY, "staging"]);
  });
  await t.test("another configuration than the one that is judged", async () => {
    await refused(/before the --, or leave it out/, [...DEPLOY, "--", "--config", "other.jsonc"]);
  });
  await t.test("nobody to confirm it", async () => {
    await refused(/add --yes/, ["deploy"]);
  });
  await t.test("a database that may be another project's", async () => {
    state.databases.push({ uuid: "00000000-0000-4000-8000-00000000003f", name: NAME });
    await refused(/the database my-auth exists already[\s\S]*--adopt/);
    const dry = await deploy([...DEPLOY, "--adopt", "--dry-run"]);
    assert.equal(dry.code, 0, dry.text);
    assert.deepEqual(calls.filter(isChange), []);
    state.databases.pop();
  });
  await t.test("a queue that another Worker consumes", async () => {
    const consumers = [{ script: "another" }];
    state.queues.push({ queue_id: "1".repeat(32), queue_name: `${NAME}-mail`, consumers });
    await refused(/the Worker another, and a queue has only one/, [...DEPLOY, "--adopt"]);
    state.queues.pop();
  });
  await t.test("an account without an address", async () => {
    state.hasSubdomain = false;
    await refused(/no subdomain of workers\.dev/);
    state.hasSubdomain = true;
  });
  await t.test("a proxy's 404, which does not say that there is no Worker", async () => {
    const server = await pretend404(t);
    const env = { ...cloudflare.env, CLOUDFLARE_API_BASE_URL: server, CLOUDFLARE_ACCOUNT_ID: "a" };
    const { code, text } = await project.run(DEPLOY, env, {});
    assert.equal(code, 1);
    assert.match(text, /Cloudflare answered 404 to GET .*secrets: not here/);
  });
  const edits = /** @type {[string, (text: string) => string, RegExp][]} */ ([
    [
      "a cron that this version needs",
      (text) => text.replace('"* * * * *", ', ""),
      /the cron "\* \* \* \* \*"[\s\S]*edgegate upgrade/,
    ],
    [
      "a class that this version needs",
      (text) => text.replace(/^ *"MailGate": .*\n/m, "").replace(/(sqlite" \},)(\s*\})/, "$1$2"),
      /the class MailGate[\s\S]*edgegate upgrade/,
    ],
    [
      "the address of another Worker",
      (text) => text.replace(/\/\/ ("ISSUER": )".*"/, '$1"https://other.acme.workers.dev"'),
      /answers at https:\/\/my-auth\.acme\.workers\.dev/,
    ],
    [
      "stores of another environment",
      (text) => text.replace('"database_name": "my-auth-staging"', '"database_name": "my-auth"'),
      /the database "my-auth"[\s\S]*my-auth-staging too/,
    ],
    [
      "a mail provider without its key",
      (text) =>
        text.replace(
          '"PRODUCT_NAME": "my-auth"\n',
          '"PRODUCT_NAME": "my-auth", "MAIL_PROVIDER": "resend", "MAIL_FROM": "a@example.com"\n',
        ),
      /MAIL_API_KEY is missing[\s\S]*\.edgegate\/secrets\.production\.json/,
    ],
    [
      "a setting without the compatibility flag that it needs",
      withDocuments,
      /the compatibility flag global_fetch_strictly_public is not set/,
    ],
  ]);
  for (const [what, edit, words] of edits)
    await t.test(what, async () => {
      const edited = edit(before);
      assert.notEqual(edited, before);
      project.write("wrangler.jsonc", edited);
      await refused(words);
      project.write("wrangler.jsonc", before);
    });
  await t.test("but not a setting with its compatibility flag", async () => {
    const flags = '"compatibility_flags": ["global_fetch_strictly_public"]';
    const date = '"compatibility_date"';
    project.write("wrangler.jsonc", withDocuments(before).replace(date, `${flags}, ${date}`));
    const { code, text } = await deploy([...DEPLOY, "--dry-run"]);
    assert.equal(code, 0, text);
    project.write("wrangler.jsonc", before);
  });
});

/** Switches `CLIENT_ID_METADATA` on in a configuration. */
const withDocuments = (text) =>
  text.replace(
    '"PRODUCT_NAME": "my-auth"\n',
    '"PRODUCT_NAME": "my-auth", "CLIENT_ID_METADATA": "on"\n',
  );

/** Starts a server that answers every request with 404. */
async function pretend404(t) {
  const { createServer } = await import("node:http");
  const server = createServer((_, response) => response.writeHead(404).end("not here"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => server.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

test("a deployed service keeps its secrets and stores, whatever the folder has", {
  timeout: 600_000,
}, async (t) => {
  const { cloudflare, project, deploy } = await world(t, { store: "kv" });
  const { state } = cloudflare;
  const first = await deploy();
  assert.equal(first.code, 0, first.text);
  const [{ id }] = state.namespaces;
  assert.match(
    project.read("wrangler.jsonc"),
    new RegExp(`"binding": "SESSIONS",\\s+"id": "${id}"`),
  );
  const stored = new Map([...state.secrets].map(([name, values]) => [name, [...values]]));

  // If another person has a copy of the project, that person's folder has no copies of the secrets,
  // and does not contain the id of the KV namespace.
  const other = makeProject(t, { store: "kv", edit: open });
  const again = await other.run(["deploy", "--yes", "--wait", "0"], cloudflare.env, {});
  assert.equal(again.code, 0, again.text);
  assert.deepEqual(
    new Map([...state.secrets].map(([name, values]) => [name, [...values]])),
    stored,
    "no secret is replaced",
  );
  assert.deepEqual(other.secrets(), {}, "and none is made");
  assert.equal(state.namespaces.length, 1, "the namespace of the Worker is used again");
  await requireLogin(cloudflare);

  await t.test(
    "another configuration, which wrangler alone would prefer, is not used",
    async () => {
      project.write("wrangler.json", '{ "name": "another", "main": "src/index.js" }');
      const { code, text } = await deploy();
      rmSync(project.path("wrangler.json"));
      assert.equal(code, 0, text);
      assert.deepEqual([...state.scripts.keys()], [NAME]);
    },
  );

  await t.test("a database that is not the Worker's is refused", async () => {
    const config = project.read("wrangler.jsonc");
    project.write(
      "wrangler.jsonc",
      config.replace('"database_name": "my-auth"', '"database_name": "my-new"'),
    );
    const { code, text } = await deploy([...DEPLOY, "--adopt"]);
    assert.equal(code, 1);
    assert.match(text, /uses the database .* as DB, and the configuration names my-new/);
    project.write("wrangler.jsonc", config);
  });

  await t.test("an ISSUER that only the deployed Worker has is not replaced", async () => {
    const issuer = state.scripts.get(NAME)?.bindings.find(({ name }) => name === "ISSUER");
    issuer.text = "https://auth.example.com";
    const fresh = makeProject(t, { store: "kv", edit: open });
    const { code, text } = await fresh.run(DEPLOY, cloudflare.env, {});
    issuer.text = ADDRESS;
    assert.equal(code, 1);
    assert.match(text, /has ISSUER "https:\/\/auth\.example\.com", and wrangler\.jsonc has none/);
    assert.equal(fresh.read("wrangler.jsonc").includes(`"ISSUER": "${ADDRESS}"`), false);
  });

  await t.test("a lost secret is made again only when that is asked for", async () => {
    const script = state.scripts.get(NAME);
    assert.ok(script);
    const { bindings } = script;
    script.bindings = bindings.filter(({ name }) => name !== "TICKET_SECRET");
    const { TICKET_SECRET: _, ...left } = project.secrets();
    writeFileSync(project.secretsPath(), JSON.stringify(left));
    const { code, text } = await project.run(DEPLOY, cloudflare.env, {});
    assert.equal(code, 1);
    assert.match(text, /deployed without TICKET_SECRET[\s\S]*--new-secrets/);
    assert.deepEqual(project.secrets(), left);
    script.bindings = bindings;
  });
});

test("a Worker that is not edgegate's is not replaced", { timeout: 200_000 }, async (t) => {
  const cloudflare = await startCloudflare(t);
  const project = makeProject(t);
  const script = { upload: -1, bindings: [], metadata: {}, modules: [], assets: new Map() };
  cloudflare.state.scripts.set(NAME, script);
  const { code, text } = await project.run([...DEPLOY, "--new-secrets"], cloudflare.env, {});
  assert.equal(code, 1);
  assert.match(text, /has a Worker my-auth that is not edgegate's/);
  assert.deepEqual(cloudflare.calls.filter(isChange), []);
});
