// A subject of the bench: edgegate's Worker with additional paths that do only the bare work
// (bench/bare-worker).
import { mkdirSync } from "node:fs";
import { inRoot } from "../../scripts/project/root.mjs";
import { workerModule } from "../../scripts/project/worker-module.mjs";
import { startWorkers } from "../../tests/e2e/workers.mjs";
import { showing } from "./clients.mjs";

const FOLDER = "target/bench/worker";

/** Builds the Worker with the bare work. */
export async function buildBare() {
  mkdirSync(inRoot(FOLDER), { recursive: true });
  await workerModule({
    folder: FOLDER,
    name: "edgegate-bare-worker",
    entry: "bench/bare-worker/entry.mjs",
    optimised: true,
  });
}

/**
 * Starts one deployment. `keys` and `tokens` are objects keyed by algorithm. Each value of `tokens`
 * is `{ repeated }`, a token that is sent again and again.
 */
export async function startBare({ keys, tokens }) {
  const settings = { secrets: { SIGNING_KEYS: JSON.stringify({ keys: Object.values(keys) }) } };
  const {
    workers: [edge],
    stop,
  } = await startWorkers([settings], { direct: true, folder: inRoot(FOLDER) });
  const verifying = ([alg, { repeated }]) => [
    `verify-${alg.toLowerCase()}`,
    () => () => showing("/bare/verify", [repeated]),
  ];
  const [[, { repeated }]] = Object.entries(tokens);
  return {
    url: edge.url,
    stop,
    works: {
      empty: () => () => ({ next: () => ({ method: "GET", path: "/bare/nothing" }) }),
      login: () => () => ({ next: () => ({ method: "GET", path: "/bare/argon2id" }) }),
      "verify-seen": () => () => showing("/bare/seen", [repeated]),
      ...Object.fromEntries(Object.entries(tokens).map(verifying)),
    },
  };
}
