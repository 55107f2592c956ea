// With the settings in wrangler.toml, Cloudflare logs neither the query nor the headers of
// requests. The test reads the settings in the same way as wrangler and `npm run deploy`.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { unstable_readConfig } from "wrangler";
import { platformLogsProblem } from "../../npm/edgegate-worker/cli/lib/platform-logs.js";
import { readConfig } from "../../scripts/project/config.mjs";
import { inRoot } from "../../scripts/project/root.mjs";

const OFF = {
  enabled: true,
  redact_query_string: true,
  logs: { enabled: true, invocation_logs: false },
};

test("wrangler.toml switches off what holds queries, headers and addresses", async () => {
  const config = await readConfig();
  assert.deepEqual(config.observability, OFF);
  assert.equal(platformLogsProblem(config), null);
});

test("an environment has the same settings unless it says otherwise, and then deploy says so", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-logs-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "wrangler.toml");
  const read = (more, env) => {
    writeFileSync(file, `${readFileSync(inRoot("wrangler.toml"), "utf8")}\n${more}`);
    // Convert the configuration to JSON and back, because print-config.js passes it on as JSON.
    return JSON.parse(
      JSON.stringify(unstable_readConfig({ config: file, env }, { hideWarnings: true })),
    );
  };
  cpSync(inRoot("www"), join(folder, "www"), { recursive: true });
  assert.deepEqual(
    read('[env.test.vars]\nISSUER = "https://test.example.com"', "test").observability,
    OFF,
  );
  const changed = read("[env.test.observability]\nenabled = true", "test");
  assert.match(platformLogsProblem(changed) ?? "", /redact_query_string/);
});

test("each setting that lets an address into a log is named", () => {
  /** @type {[Parameters<typeof platformLogsProblem>[0], RegExp][]} */
  const settings = [
    [{ observability: { enabled: true } }, /redact_query_string = true/],
    [{ observability: { ...OFF, redact_query_string: false } }, /redact_query_string = true/],
    [{ observability: { ...OFF, logs: { enabled: true } } }, /invocation_logs = false/],
    [{ observability: { ...OFF, logs: undefined } }, /invocation_logs = false/],
    [
      {
        observability: {
          redact_query_string: true,
          logs: { enabled: true, invocation_logs: true },
        },
      },
      /invocation_logs = false/,
    ],
    [{ observability: { ...OFF, traces: { enabled: true } } }, /observability.traces/],
    [{ observability: OFF, logpush: true }, /logpush/],
    [{ observability: OFF, tail_consumers: [{ service: "other" }] }, /tail_consumers/],
  ];
  for (const [config, named] of settings) {
    assert.match(platformLogsProblem(config) ?? "", named, JSON.stringify(config));
  }
  for (const config of [{}, { observability: { enabled: false } }, { observability: OFF }])
    assert.equal(platformLogsProblem(config), null);
});
