// Starts every subject, has each do each work in turns, and answers the figures.
import { cpus } from "node:os";
import { gzipSync } from "node:zlib";
import { workerSize } from "../scripts/project/worker-size.mjs";
import { measure } from "./load.mjs";
import { quantile, spread } from "./statistics.mjs";
import { startEdgegate } from "./subjects/edgegate.mjs";
import { bundleOf, startBetterAuth, startEmpty, startHono, startJose, startOpenAuth, startWorkersOAuthProvider } from "./subjects/peers.mjs";
import { makeKeys } from "./subjects/tokens.mjs";
import { WORKS } from "./subjects/works.mjs";

const WARM_UP_SECONDS = 0.5;
const FLOOR = "an empty Worker";
const PEERS = ["better-auth", "openauth", "workers-oauth-provider", "hono", "jose"];

export async function compare({ rounds, only, log = console.log }) {
  const begun = new Date();
  const subjects = await startAll(log);
  const works = {};
  try {
    for (const [work, { title, connections, seconds }] of Object.entries(WORKS)) {
      if (only && !only.includes(work)) continue;
      const those = Object.entries(subjects).filter(([name, { works }]) => works[work] || (name === FLOOR && connections === 16));
      log(`${title} …`);
      works[work] = { title, connections, subjects: await inTurns(work, those, rounds, seconds, connections) };
    }
  } finally {
    await Promise.all(Object.values(subjects).map(({ stop }) => stop()));
  }
  return { date: begun.toISOString().slice(0, 10), machine: machine(), rounds, floor: FLOOR, works, sizes: await sizes() };
}

/** By name `{ url, stop, works }`. */
async function startAll(log) {
  const keys = makeKeys();
  const subjects = {};
  const add = async (name, starting) => {
    log(`starting ${name}`);
    subjects[name] = await starting;
    return subjects[name];
  };
  try {
    await add(FLOOR, startEmpty());
    // A set of keys with a shared secret holds nothing else.
    const { HS256, ...pairs } = keys;
    log("starting edgegate");
    const edgegate = await Promise.all([startEdgegate({ keys: pairs }), startEdgegate({ keys: { HS256 } })]);
    const tokens = Object.assign({}, ...edgegate.map(({ tokens }) => tokens));
    subjects.edgegate = edgegate[0];
    subjects["edgegate, HS256"] = onlyWith("check-hs256-repeated", "check-hs256-new")(edgegate[1]);
    await add("edgegate, ROTATE_AFTER 0", startEdgegate({ keys: pairs, vars: { ROTATE_AFTER: "0" } }).then(onlyWith("renew")));
    await add("edgegate, durable", startEdgegate({ keys: pairs, store: "durable" }).then(onlyWith("renew", "revoke", "check-eddsa-repeated")));
    await add("edgegate, durable, ROTATE_AFTER 0", startEdgegate({ keys: pairs, store: "durable", vars: { ROTATE_AFTER: "0" } }).then(onlyWith("renew")));
    await add("jose", startJose(keys, tokens));
    await add("hono/jwt", startHono(keys, edgegate[1].tokensOf("HS256", "JWT")));
    await add("better-auth", startBetterAuth());
    await add("better-auth, session kept", startBetterAuth({ renews: true }));
    await add("openauth", startOpenAuth());
    await add("workers-oauth-provider", startWorkersOAuthProvider());
    return subjects;
  } catch (error) {
    await Promise.all(Object.values(subjects).map(({ stop }) => stop()));
    throw error;
  }
}

const onlyWith = (...names) => ({ works, ...subject }) => ({ ...subject, works: Object.fromEntries(names.map((name) => [name, works[name]])) });

/** By subject the spread of its rates, of its share of the floor's in the same round, and of its times. */
async function inTurns(work, subjects, rounds, seconds, connections) {
  const found = Object.fromEntries(subjects.map(([name]) => [name, { rates: [], times: [] }]));
  for (let round = 0; round < rounds; round++) {
    const order = subjects.map((_, index) => subjects[(index + round) % subjects.length]);
    for (const [name, { url, works }] of order) {
      const clients = await (works[work] ?? works.empty)();
      const all = () => Array.from({ length: connections }, (_, index) => clients(index));
      const working = all();
      if (!ENDS.has(work)) await measure(url, working, WARM_UP_SECONDS);
      const { rate, times } = await measure(url, working, seconds);
      found[name].rates.push(rate);
      found[name].times.push(quantile(times, 0.5), quantile(times, 0.99));
    }
  }
  const floor = found[FLOOR]?.rates;
  return Object.fromEntries(
    Object.entries(found).map(([name, { rates, times }]) => [
      name,
      {
        rate: spread(rates),
        ...(floor && { share: spread(rates.map((rate, round) => rate / floor[round])) }),
        milliseconds: { p50: quantile(times.filter((_, at) => at % 2 === 0), 0.5), p99: quantile(times.filter((_, at) => at % 2 === 1), 0.5) },
      },
    ]),
  );
}

/** Work that uses up what was prepared for it. */
const ENDS = new Set(["revoke", "reset"]);

/** Bytes, minified and gzipped. */
async function sizes() {
  const found = { edgegate: workerSize().bytes };
  for (const name of PEERS) found[name] = gzipSync(await bundleOf(name), { level: 9 }).length;
  return found;
}

function machine() {
  const [{ model }] = cpus();
  return `${cpus().length} cores, ${model.trim()}`;
}
