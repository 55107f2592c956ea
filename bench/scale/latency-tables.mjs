// The tables of docs/scale.md about latency.
import { wrapped } from "../comparisons.mjs";
import { peakOf } from "./capacity.mjs";
import { markdownTable } from "./format.mjs";
import { CACHING, CONTINENTS, LATENCIES, PRIMARY } from "./latencies.mjs";
import { percentiles, simulate } from "./simulation.mjs";
import { titleOf } from "./tables.mjs";

/**
 * The parameters of the simulation for docs/scale.md: the number of simulated users on each
 * continent, the seed of the random numbers, and the number of other users who use the service at
 * the same time.
 */
export const SIMULATED = { users: 400, seed: 18, besides: 1_000_000 };
const ACTS = ["log in", "renewal", "check"];

/**
 * Runs the simulation. `found` has `{ p50, p95, p99 }` for each act, each continent, each store,
 * and each place of the user's Durable Object: on the user's continent or far away. (`kv` does not
 * use this object, so all of its results are for "home".) `lookedUp` is the share of checks with
 * `kv` that read KV.
 *
 * @param {import("./tables.mjs").Model} model
 */
export function latenciesOf(
  { stores, use, cost },
  {
    users = SIMULATED.users,
    seed = SIMULATED.seed,
    besides = SIMULATED.besides,
    primary = PRIMARY,
  } = {},
) {
  const found = [];
  let lookedUp = 1;
  for (const store of stores) {
    const background = peakOf(besides, store, use)["D1 statements"];
    const { assumed } = cost;
    const { measured, calls } = simulate({ store, assumed, use, seed, users, background, primary });
    const checks = Object.values(measured.check).flatMap(({ home, away }) => [...home, ...away]);
    if (store.name === "kv") lookedUp = calls.check["KV keys read"] / checks.length;
    for (const act of ACTS)
      for (const continent of CONTINENTS) {
        const { home, away } = measured[act][continent];
        const of = (place, times) =>
          found.push({ act, continent, store: titleOf(store), place, ...percentiles(times) });
        if (store.name === "kv") of("home", [...home, ...away]);
        else {
          of("home", home);
          of("away", away);
        }
      }
  }
  return { found, lookedUp };
}

export const lookedUpSentence = (lookedUp) =>
  wrapped(
    `In the simulation below, ${Math.round(lookedUp * 100)} % of the checks with \`kv\` look the session up. The others are answered from the memory of an isolate.`,
  ).join("\n");

export function latencyTable(found) {
  const ways = [...new Set(found.map(wayOf))];
  const cell = (act, continent, way) => {
    const one = found.find(
      (each) => each.act === act && each.continent === continent && wayOf(each) === way,
    );
    return [one.p50, one.p95, one.p99].map((time) => time.toFixed(0)).join(", ");
  };
  return markdownTable(
    ["ms: p50, p95, p99", "user in", ...ways],
    ACTS.flatMap((act) =>
      CONTINENTS.map((continent) => [
        act,
        continent,
        ...ways.map((way) => cell(act, continent, way)),
      ]),
    ),
  );
}

/** The title of the table's column for a result: the store, and whether the object is far away. */
export const wayOf = ({ store, place }) => (place === "home" ? store : `${store}, object far away`);

export function latencySourcesTable() {
  /** @param {import("./latencies.mjs").Latency} latency */
  const amount = ({ median, p95, from, to, value }) => {
    if (value !== undefined) return `${value} ms`;
    if (to !== undefined) return `${from} to ${to} ms`;
    return median === undefined ? `p95 ${p95} ms` : `p50 ${median} ms, p95 ${p95} ms`;
  };
  return markdownTable(
    ["latency", "amount", "from"],
    [
      ...Object.entries(LATENCIES).map(([name, latency]) => [
        name,
        amount(latency),
        latency.source,
      ]),
      [
        "KV's cache at a location remembers",
        `${CACHING.kv} s`,
        "`REVOCATION_CACHE_TTL`; KV refreshes a key that is read again within that time, so it stays in the cache",
      ],
      ["an isolate remembers a check", `${CACHING.isolate} s`, "`REVOCATION_MEMORY_TTL`"],
      ["isolates of a location that share a user's requests", CACHING.isolates, "assumption"],
    ],
  );
}
