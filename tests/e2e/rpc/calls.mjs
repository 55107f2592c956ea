// Calls edgegate's RPC methods through caller.mjs, a Worker with a service binding to edgegate.
import { readFileSync } from "node:fs";
import { inRoot } from "../../../scripts/project/root.mjs";
import { blocks } from "../../docs/markdown.mjs";

export const MAIN = inRoot("tests/e2e/rpc/caller.mjs");

/**
 * Returns the code of an error. Uses the function that docs/from-another-worker.md shows to its
 * readers.
 *
 * @param {{ message: string, own: { code?: string } }} seen
 */
export const codeOf = ({ message, own }) => documented()({ message, ...own });

function documented() {
  const page = readFileSync(inRoot("docs/from-another-worker.md"), "utf8");
  const text = blocks(page, "js").find((block) => block.includes("codeOf = "));
  return new Function(`${text}\nreturn codeOf;`)();
}

/** The option `caller` for `startWorkers`. */
export const caller = {
  modules: [{ type: "ESModule", path: "caller.mjs", contents: readFileSync(MAIN, "utf8") }],
};

/**
 * For `startWorker`: the configuration of a calling Worker. Its binding AUTH is edgegate's
 * entrypoint, and its binding DEFAULT is edgegate's default export.
 */
export const callerConfig = (name, more = {}) => ({
  name,
  main: MAIN,
  compatibility_date: "2026-10-23",
  services: [
    { binding: "AUTH", service: "edgegate", entrypoint: "Auth" },
    { binding: "DEFAULT", service: "edgegate" },
  ],
  ...more,
});

/**
 * Returns functions that call a method through the calling Worker. `outcome(method, ...args)`
 * returns `{ value, type }` or `{ error }`. `value` returns just the value, and throws if there is
 * an error. `refused` returns the members of the error, and throws if there is none.
 */
export function callsOf(ask, binding = "AUTH") {
  const outcome = async (method, ...args) => {
    const answer = await ask({ method: "POST", body: JSON.stringify({ binding, method, args }) });
    if (answer.status !== 200)
      throw new Error(`the caller answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    outcome,
    async value(method, ...args) {
      const { error, value } = await outcome(method, ...args);
      if (error) throw new Error(`${method}: ${error.name}: ${error.message}`);
      return value;
    },
    async refused(method, ...args) {
      const { error, value } = await outcome(method, ...args);
      if (!error) throw new Error(`${method} was not refused: ${JSON.stringify(value)}`);
      return error;
    },
  };
}
