// A subject of the bench: a Worker that makes storage calls like those of edgegate, with the same
// bindings, and does nothing else (storage.worker.mjs). It shows how fast edgegate could be at most
// with this storage, and how much memory the bindings alone need.
import { mkdirSync, writeFileSync } from "node:fs";
import { inRoot } from "../../scripts/project/root.mjs";
import { makeSession, makeUsers } from "../../tests/e2e/forge.mjs";
import { startWorkers } from "../../tests/e2e/workers.mjs";
import { each, part } from "./clients.mjs";
import { bundleOf } from "./peers.mjs";
import { WORKS } from "./works.mjs";

const FOLDER = "target/bench/storage";
const SESSIONS_TO_END = 1_500;
const RESETS = 2_000;

const get = (path) => ({ method: "GET", path });

/**
 * Starts one deployment. `rotates` says whether every renewal rotates the refresh token and so
 * writes to the storage, as with ROTATE_AFTER 0.
 */
export async function startStorage({ rotates }) {
  mkdirSync(inRoot(FOLDER), { recursive: true });
  writeFileSync(inRoot(FOLDER, "index.js"), await bundleOf("storage"));
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{}], { direct: true, folder: inRoot(FOLDER) });
  const [user] = await makeUsers(edge.db, 1);
  const sessions = async (count) => {
    const ids = [];
    for (let n = 0; n < count; n++) ids.push((await makeSession(edge, "kv", user, 60)).session);
    return ids;
  };
  const [first] = await sessions(1);
  // These calls make Miniflare load its simulators of KV, D1 and Queues before anything is
  // measured.
  for (const path of [`/rotate/${user}/${first}`, "/reset"]) await edge.fetch(path);
  return {
    url: edge.url,
    stop,
    works: {
      empty: () => () => ({ next: () => get("/nothing") }),
      login: () => () => ({ next: () => get(`/log-in/${user}`) }),
      renew: async (connections = WORKS.renew.connections) => {
        const ids = await sessions(connections);
        const call = rotates ? "rotate" : "keep";
        return (index) => ({ next: () => get(`/${call}/${user}/${ids[index]}`) });
      },
      revoke: async () => {
        const ids = await sessions(SESSIONS_TO_END);
        return (index) =>
          each(part(ids, index, WORKS.revoke.connections), (id) => get(`/log-out/${user}/${id}`));
      },
      reset: () => (index) =>
        each(part(Array(RESETS).fill("/reset"), index, WORKS.reset.connections), get),
    },
  };
}
