// Tests `edgegate upgrade` and `edgegate doctor`. They run in a project, as users run them.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { buildPackages } from "../package/package.mjs";
import { makeProject } from "./project.mjs";

const OFFLINE = ["--resolver", "http://127.0.0.1:9/"];
const old = (text) => text.replace('"* * * * *", ', "").replace('      "/console",\n', "");

before(buildPackages, { timeout: 600_000 });

test("upgrade shows the change, asks, and makes it once", { timeout: 200_000 }, async (t) => {
  const project = makeProject(t, { edit: old });
  const before = project.read("wrangler.jsonc");
  const run = (...args) => project.run(args, {}, {});

  const refused = await run("upgrade");
  assert.equal(refused.code, 1);
  assert.match(
    refused.text,
    /lacks:[\s\S]*the cron "\* \* \* \* \*"[\s\S]*"\/console"[\s\S]*add --yes/,
  );
  const shown = await run("upgrade", "--dry-run", "--json");
  assert.deepEqual(JSON.parse(shown.stdout), { changed: false, added: [] });
  assert.equal(project.read("wrangler.jsonc"), before);

  const made = await run("upgrade", "--yes", "--json");
  assert.equal(made.code, 0, made.text);
  const { changed, added } = JSON.parse(made.stdout);
  assert.deepEqual([changed, added], [true, ['the cron "* * * * *"', 'the path "/console"']]);
  const after = project.read("wrangler.jsonc");
  assert.notEqual(after, before);
  const again = await run("upgrade", "--yes");
  assert.match(again.text, /has all that this version needs/);
  assert.equal(project.read("wrangler.jsonc"), after);
});

test("doctor examines the service of this machine", { timeout: 200_000 }, async (t) => {
  const project = makeProject(t, { edit: old });
  const examine = async () => {
    const { code, stdout, text } = await project.run(["doctor", "--json", ...OFFLINE], {}, {});
    assert.ok(stdout, text);
    const { ok, checks } = JSON.parse(stdout);
    assert.equal(code, ok ? 0 : 1);
    return checks.map(({ name, status }) => `${name} ${status}`);
  };
  const fresh = await examine();
  assert.deepEqual(fresh, [
    "settings warning",
    "secrets skipped",
    "bindings problem",
    "bindings problem",
    "mail warning",
    "clock skipped",
  ]);

  // Change the configuration to the one that create-cloudflare would leave in a project.
  const config = project.read("wrangler.jsonc");
  project.write(
    "wrangler.jsonc",
    config
      .replace('"name": "my-auth"', '"name": "shop"')
      .replace(/"observability": \{[^}]*\}\s*\},/, '"observability": { "enabled": true },'),
  );
  const named = await examine();
  assert.deepEqual(
    named.filter((check) => !fresh.includes(check)),
    ["logs warning", "names warning"],
  );

  project.write("wrangler.jsonc", config.replace('"durable",', '"redis",'));
  project.write(".dev.vars", "DEV=1\nTICKET_SECRET=c2hvcnQ\n");
  const bad = await examine();
  assert.ok(bad.includes("settings problem"));
  assert.ok(bad.includes("secrets problem"));
});
