// Runs the program schemathesis against the real Worker. schemathesis generates requests from
// openapi.yaml, and checks whether openapi.yaml allows every answer. schemathesis.toml says which
// checks of schemathesis can't be used, and why.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { setUp } from "../../scripts/setup/index.mjs";
import * as setup from "../../scripts/setup/schemathesis.mjs";
import { TEST_VARS } from "../e2e/harness.mjs";
import { startWorkers } from "../e2e/workers.mjs";
import { startSupply } from "./supply.mjs";

const CONFIG = inRoot("tests/schemathesis/schemathesis.toml");
const HOOKS = inRoot("tests/schemathesis/hooks.py");

/**
 * Runs schemathesis for all routes. Then runs it once more with REGISTRATION = "open", only for the
 * operation `register`. The same seed repeats the same requests. Only the ids and tokens differ,
 * because they are made for each run.
 *
 * Returns `{ code, cases, checks, tried }`. `code` is 0 if all checks passed. `cases` is the number
 * of requests. `checks` says how often each check was applied. `tried` has, for each operation, a
 * list of `{ asker, status, times }`: how many times this `asker` got this `status`. `asker` is a
 * role, `someone` or `nobody` (see hooks.py).
 */
export async function runSchemathesis({ seed, examples }) {
  await setUp([setup]);
  // This is the lowest value that the setting allows. The rules for new passwords in openapi.yaml
  // must hold for every value.
  const vars = { PASSWORD_MIN_LENGTH: "8" };
  const { workers, stop } = await startWorkers([
    { vars },
    { vars: { ...vars, REGISTRATION: "open" } },
  ]);
  try {
    const supply = await startSupply(workers[0]);
    try {
      const all = await once(workers[0], supply, [
        "--seed",
        `${seed}`,
        "--max-examples",
        `${examples}`,
      ]);
      const open = await once(workers[1], supply, [
        "--seed",
        `${seed}`,
        "--max-examples",
        `${examples}`,
        "--phases",
        "examples,coverage,fuzzing",
        "--include-operation-id",
        "register",
      ]);
      return {
        code: all.code || open.code,
        cases: all.cases + open.cases,
        checks: sum([...Object.entries(all.checks), ...Object.entries(open.checks)]),
        tried: [...all.tried, ...open.tried],
      };
    } finally {
      supply.stop();
    }
  } finally {
    await stop();
  }
}

async function once({ url }, supply, args) {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-schemathesis-"));
  const report = join(folder, "report.ndjson");
  const summary = join(folder, "summary.json");
  try {
    const { code } = await run(
      setup.schemathesis,
      [
        "--config-file",
        CONFIG,
        "run",
        inRoot("openapi.yaml"),
        "--url",
        new URL(url).origin,
        "--no-color",
        "--report",
        "ndjson",
        "--report-ndjson-path",
        report,
        ...args,
      ],
      // Use a new working folder for each run. schemathesis stores what it has learnt in this
      // folder, and a run must not depend on an earlier run.
      {
        cwd: folder,
        env: {
          SCHEMATHESIS_HOOKS: HOOKS,
          EDGEGATE_SUPPLY: supply.url,
          EDGEGATE_ORIGIN: TEST_VARS.ISSUER,
          EDGEGATE_SUMMARY: summary,
        },
      },
    );
    const checked = readFileSync(report, "utf8")
      .split("\n")
      .filter((line) => line.startsWith('{"ScenarioFinished"'))
      .flatMap((line) =>
        Object.values(JSON.parse(line).ScenarioFinished.recorder?.checks ?? {}).flat(),
      )
      .map(({ name }) => [name, 1]);
    const tried = JSON.parse(readFileSync(summary, "utf8")).map(
      ([operation, asker, status, times]) => ({ operation, asker, status, times }),
    );
    return {
      code,
      cases: tried.reduce((total, { times }) => total + times, 0),
      checks: sum(checked),
      tried,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sum(pairs) {
  const totals = {};
  for (const [name, times] of pairs) totals[name] = (totals[name] ?? 0) + times;
  return totals;
}
