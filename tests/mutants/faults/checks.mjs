// Faults in the checks that a test run makes in addition to its tests: the search of the logs, the
// evidence, and the counts.
import { script } from "./commands.mjs";

/** @type {import("./index.mjs").Fault[]} */
export const checks = [
  {
    id: "log-search-does-not-decode",
    promise: "The search of the logs finds encoded secrets.",
    file: "tests/logs/search.mjs",
    search: "const DEPTH = 3;",
    replace: "const DEPTH = 0;",
    command: ["node", "--test", "--test-name-pattern=planted", "tests/logs/search.test.mjs"],
    killers: ["every encoding"],
  },
  {
    id: "skipped-test-is-evidence",
    promise: "A skipped test is not evidence.",
    file: "tests/evidence/reporter.mjs",
    search: "const outcome = skipped ?",
    replace: "const outcome = skipped && data.todo ?",
    command: script("tests/evidence/evidence.test.mjs"),
    killers: ["the reporter tells"],
  },
  {
    id: "missing-count-unnoticed",
    promise: "A missing count makes npm test fail.",
    file: "scripts/project/counts.mjs",
    search: "required.filter((slug) => !known.has(slug))",
    replace: "required.filter((slug) => known.has(slug))",
    command: script("tests/evidence/evidence.test.mjs"),
    killers: ["a count that is below its minimum"],
  },
];
