// Tests the template for projects. Its configuration must have the same bindings as the
// repository's own configuration, except for KV. It must not need anything outside of its folder.
// tests/setup/workflows.test.mjs checks its workflow.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { unstable_readConfig } from "wrangler";
import { parse } from "yaml";
import { inRoot } from "../../scripts/project/root.mjs";
import { SECRETS } from "../../scripts/settings/check.mjs";
import { filesUnder } from "../docs/files.mjs";

const read = (path) => readFileSync(inRoot(path), "utf8");
// Copies a configuration, because the objects that wrangler makes have no prototype.
const plain = (value) => JSON.parse(JSON.stringify(value));
const config = (file, env) =>
  plain(unstable_readConfig({ config: inRoot(file), env }, { hideWarnings: true }));
const ours = config("wrangler.toml");
const template = (env) => config("template/wrangler.jsonc", env);

/** Replaces the Worker's name `from` with `to` everywhere, even inside other names. */
const renamed = (value, from, to) => JSON.parse(JSON.stringify(value).replaceAll(from, to));

for (const env of [undefined, "staging"]) {
  const name = env ? `my-auth-${env}` : "my-auth";
  test(`${env ?? "production"} binds what wrangler.toml binds, under names of its own`, () => {
    const theirs = template(env);
    assert.equal(theirs.name, name);
    assert.equal(theirs.compatibility_date, ours.compatibility_date);
    assert.deepEqual(theirs.triggers, ours.triggers);
    assert.deepEqual(theirs.observability, ours.observability);
    assert.deepEqual(theirs.queues, renamed(ours.queues, "edgegate", name));
    const { bindings } = theirs.durable_objects;
    assert.deepEqual(bindings, ours.durable_objects.bindings);
    assert.deepEqual(
      Object.entries(theirs.exports),
      bindings.map(({ class_name }) => [class_name, { type: "durable-object", storage: "sqlite" }]),
    );
    assert.deepEqual(
      theirs.assets.run_worker_first,
      /** @type {any} */ (ours.assets).run_worker_first,
    );
    assert.equal(theirs.assets.not_found_handling, "none");
    const [database] = theirs.d1_databases;
    assert.deepEqual([database.binding, database.database_name], ["DB", name]);
    const limits = ({ ratelimits }) => ratelimits.map(({ name, simple }) => ({ name, simple }));
    assert.deepEqual(limits(theirs), limits(ours));
    assert.deepEqual(theirs.secrets, { required: ["SIGNING_KEYS", "TICKET_SECRET"] });
    assert.deepEqual(theirs.kv_namespaces, [], "it needs no KV");
    assert.deepEqual(theirs.vars, {
      AUDIENCE: name,
      SESSION_STORE: "durable",
      PASSWORD_WORK: "durable",
      REGISTRATION: "verified",
      PRODUCT_NAME: name,
    });
  });
}

test("no limit of staging counts together with one of production", () => {
  const ids = [undefined, "staging"].flatMap((env) =>
    template(env).ratelimits.map(({ namespace_id }) => namespace_id),
  );
  assert.equal(new Set(ids).size, 6);
});

test("what the deploy button asks for exists, and every secret is described", () => {
  const { cloudflare } = JSON.parse(read("template/package.json"));
  const { vars, secrets, d1_databases, queues } = template();
  const names = [
    ...secrets.required,
    ...d1_databases.map(({ binding }) => binding),
    ...queues.producers.map(({ binding }) => binding),
    ...Object.keys(vars),
  ];
  for (const [name, { description }] of Object.entries(cloudflare.bindings)) {
    assert.ok(names.includes(name), name);
    assert.ok(description.length > 20, name);
  }
  for (const name of secrets.required) {
    assert.ok(cloudflare.bindings[name], name);
    assert.ok(SECRETS[name], name);
  }
});

test("pnpm may run the install scripts that npm may run", () => {
  const { allowScripts } = JSON.parse(read("template/package.json"));
  assert.deepEqual(parse(read("template/pnpm-workspace.yaml")).allowBuilds, allowScripts);
});

test("it stands alone: no path leads out of its folder, and its own packages have one version", () => {
  const files = filesUnder("template");
  assert.ok(files.length >= 8, `${files}`);
  for (const path of files) assert.doesNotMatch(read(path), /\.\.\/|file:|workspace:/, path);
  const { dependencies } = JSON.parse(read("template/package.json"));
  const versions = ["edgegate", "edgegate-worker", "create-edgegate"].map(
    (name) => JSON.parse(read(`npm/${name}/package.json`)).version,
  );
  assert.deepEqual(dependencies, { "edgegate-worker": `^${versions[0]}` });
  assert.equal(new Set(versions).size, 1, `${versions}`);
  assert.ok(!files.includes("template/.dev.vars.example"), "the button would ship its lines");
});
