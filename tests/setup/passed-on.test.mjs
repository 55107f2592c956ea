// `npm run deploy --env staging` does not pass `--env` to the script, because npm takes it as an
// option of its own. The command notices options that were lost in this way. The command passes
// other options on to wrangler. Among these it finds the options that it has to know itself, also
// if they are written as `--dryRun` or with `=`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstOf, refuseLostOptions } from "../../npm/edgegate-worker/cli/lib/passed-on.js";

const DEPLOY = {
  script: "npm run deploy",
  options: ["--env", "--dry-run", "--yes", "--json"].map((long) => ({ long })),
};

test("what npm keeps for itself is refused, and what it leaves over", () => {
  const refuse = (more, env = {}) => refuseLostOptions(more, DEPLOY, env);
  assert.doesNotThrow(() => refuse([]));
  assert.doesNotThrow(() => refuse(["--tag", "v1"]));
  // The user has typed `npm run deploy --env staging`.
  assert.throws(
    () => refuse(["staging"], { npm_config_env: "true" }),
    /npm kept --env .* -- --env`/,
  );
  // The user has typed `npm run deploy --env=staging`.
  assert.throws(() => refuse([], { npm_config_env: "staging" }), /npm kept --env/);
  assert.throws(() => refuse([], { npm_config_dry_run: "true" }), /npm kept --dry-run/);
  // The user has typed `npm run deploy staging`.
  assert.throws(() => refuse(["staging"]), /"staging" is not an option/);
  // The user has typed `npx --yes edgegate deploy`.
  assert.doesNotThrow(() => refuse([], { npm_config_yes: "true", npm_config_json: "true" }));
});

test("an option is found however wrangler lets it be written", () => {
  const names = ["--dry-run", "--config", "-c"];
  for (const option of ["--dry-run", "--dryRun", "--config=x", "--config", "-c", "-c=x"])
    assert.equal(firstOf(["--tag", "v1", option], names), option);
  assert.equal(firstOf(["--tag", "v1", "--configure"], names), undefined);
});
