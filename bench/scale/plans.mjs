// The calls that each kind of request waits for, as a list of stages. The calls of one stage are
// made at the same time. A stage begins when all calls of the stage before it have ended.
// tests/e2e/operations.test.mjs compares these plans with the calls that the built Worker makes.
// tests/bench/simulation.test.mjs compares them with the numbers in docs/operations.md.

const KV_READ = "KV keys read";
const KV_WRITE = "KV writes";
const D1 = "D1 statements";
const OBJECT = "object calls";
const QUEUE = "messages";

/** @type {Record<string, Record<string, string[][]>>} */
export const PLANS = {
  kv: {
    "log in": [[D1], [KV_WRITE]],
    renewal: [[KV_READ, D1], [KV_WRITE]],
    "renewal, kept": [[KV_READ, D1]],
    "check, looked up": [[KV_READ]],
    "check, nothing looked up": [],
    "log out": [[KV_READ], [KV_WRITE], [KV_WRITE]],
    "reset link": [[OBJECT], [QUEUE]],
  },
  durable: {
    "log in": [[D1], [OBJECT]],
    renewal: [[OBJECT]],
    "renewal, kept": [[OBJECT]],
    "renewal without a copy": [[OBJECT], [D1], [OBJECT]],
    "check, looked up": [[OBJECT]],
    "log out": [[OBJECT], [OBJECT]],
    "reset link": [[OBJECT], [QUEUE]],
  },
};

/**
 * Reads the stages of a request from the trace of a Worker. Calls that were made after the answer
 * are left out, because the request did not wait for them.
 *
 * @param {string[]} trace "begin D1 statements", "end D1 statements", "answer", in order
 */
export function stagesOf(trace) {
  /** @type {string[][]} */
  const stages = [];
  let isOpen = false;
  for (const entry of trace) {
    if (entry === "answer") break;
    const [, edge, call] = entry.match(/^(begin|end) (.*)$/) ?? [];
    if (edge === "begin" && isOpen) stages[stages.length - 1].push(call);
    else if (edge === "begin") stages.push([call]);
    isOpen = edge === "begin";
  }
  return stages;
}
