// Starts all subjects (edgegate and the projects that it is compared with). For each kind of work,
// the subjects are measured in turns. Returns the measurements.
import { gzipSync } from "node:zlib";
import { workerSize } from "../scripts/project/worker-size.mjs";
import { ALWAYS } from "../src/edge/exchange.js";
import { coldStarts } from "./cold-start.mjs";
import { comparisonsOf } from "./comparisons.mjs";
import { measure } from "./load.mjs";
import { machine } from "./machine.mjs";
import { once } from "./once.mjs";
import { comparePackage } from "./package.mjs";
import { memory, withPid } from "./process.mjs";
import { quantile, spread } from "./statistics.mjs";
import { buildBare, startBare } from "./subjects/bare.mjs";
import { upTo } from "./subjects/clients.mjs";
import { startEdgegate } from "./subjects/edgegate.mjs";
import {
  bundleOf,
  startBetterAuth,
  startEmpty,
  startHono,
  startJose,
  startOpenAuth,
  startWorkersOAuthProvider,
} from "./subjects/peers.mjs";
import { startStorage } from "./subjects/storage.mjs";
import { makeKeys } from "./subjects/tokens.mjs";
import { WORKS } from "./subjects/works.mjs";

export const FLOOR = "an empty Worker";
const BARE = "edgegate, bare work";
const BARE_STORAGE = "edgegate, bare storage";
// A variant of jose's Worker that also sends the headers of edgegate's answers, which SECURITY.md
// promises. It shows how much of the difference between jose and edgegate comes from these headers.
const JOSE_WITH_HEADERS = "jose, with the headers of edgegate";
const PEERS = ["better-auth", "openauth", "workers-oauth-provider", "hono", "jose"];

/**
 * Makes one run of the bench. `only` lists what is measured: names of WORKS, "cold-start", "memory"
 * and "package". Without `only`, everything is measured. The sizes are always measured.
 */
export async function compare({ rounds, only, log = console.log }) {
  const begun = new Date();
  const wanted = (name) => !only || only.includes(name);
  const besideJose = wanted("package") ? await comparePackage({ rounds, log }) : undefined;
  const keys = makeKeys();
  const subjects = await startAll(keys, log);
  const works = {};
  let bytes;
  try {
    if (wanted("memory")) bytes = await memoryOf(subjects);
    for (const [work, { title, connections, floor }] of Object.entries(WORKS)) {
      if (!wanted(work)) continue;
      const those = Object.entries(subjects).filter(([, { works }]) => works[work]);
      log(`${title} …`);
      works[work] = {
        title,
        connections,
        subjects: await inTurns(work, those, floor && subjects[FLOOR], rounds),
      };
    }
  } finally {
    await Promise.all(Object.values(subjects).map(({ stop }) => stop()));
  }
  const starts = wanted("cold-start")
    ? await coldStarts(keys, { rounds: rounds * 3, log })
    : undefined;
  return {
    date: begun.toISOString().slice(0, 10),
    machine: machine(),
    rounds,
    package: besideJose,
    floor: FLOOR,
    works,
    starts,
    comparisons: comparisonsOf({ works, starts, floor: FLOOR }),
    memory: bytes,
    sizes: await sizes(),
  };
}

/**
 * Starts all subjects. Returns an object that has `{ url, stop, works, pid }` for the name of each
 * subject.
 */
async function startAll(keys, log) {
  const subjects = {};
  const add = async (name, start, ...names) => {
    log(`starting ${name}`);
    const { works, ...subject } = await withPid(start);
    subjects[name] = {
      ...subject,
      works:
        names.length === 0 ? works : Object.fromEntries(names.map((name) => [name, works[name]])),
    };
    return subjects[name];
  };
  try {
    await add(FLOOR, startEmpty);
    // A key set with a shared secret (HS256) must not contain other keys. So HS256 is measured with
    // a separate deployment.
    const { HS256, ...pairs } = keys;
    const { tokens } = await add("edgegate", () => startEdgegate({ keys: pairs }));
    const shared = await add(
      "edgegate, HS256",
      () => startEdgegate({ keys: { HS256 } }),
      "check-hs256-repeated",
      "check-hs256-new",
    );
    await add(
      "edgegate, ROTATE_AFTER 0",
      () => startEdgegate({ keys: pairs, vars: { ROTATE_AFTER: "0" } }),
      "renew",
    );
    await add(
      "edgegate, durable",
      () => startEdgegate({ keys: pairs, store: "durable" }),
      "renew",
      "revoke",
      "check-eddsa-repeated",
    );
    await add(
      "edgegate, durable, ROTATE_AFTER 0",
      () => startEdgegate({ keys: pairs, store: "durable", vars: { ROTATE_AFTER: "0" } }),
      "renew",
    );
    log("building the bare work");
    await buildBare();
    await add(BARE, () => startBare({ keys: pairs, tokens }));
    await add(
      `${BARE}, HS256`,
      () => startBare({ keys: { HS256 }, tokens: shared.tokens }),
      "verify-hs256",
    );
    await add(BARE_STORAGE, () => startStorage({ rotates: false }));
    await add(`${BARE_STORAGE}, ROTATE_AFTER 0`, () => startStorage({ rotates: true }), "renew");
    await add("jose", () => startJose(keys, { ...tokens, ...shared.tokens }));
    await add(
      JOSE_WITH_HEADERS,
      () => startJose(keys, { ...tokens, ...shared.tokens }, { HEADERS: ALWAYS }),
      "check-eddsa-new",
      "check-hs256-new",
      "check-es256-new",
    );
    await add("hono/jwt", () => startHono(keys, shared.tokensOf("HS256", "JWT")));
    await add("better-auth", startBetterAuth);
    await add("better-auth, session kept", () => startBetterAuth({ renews: true }));
    await add("openauth", startOpenAuth);
    await add("workers-oauth-provider", startWorkersOAuthProvider);
    return subjects;
  } catch (error) {
    await Promise.all(Object.values(subjects).map(({ stop }) => stop()));
    throw error;
  }
}

const FIRST_REQUESTS = 1_000;
const LIGHT = [
  "check-eddsa-repeated",
  "check-hs256-repeated",
  "check-es256-repeated",
  "check-session",
  "empty",
];

/**
 * For each subject that can do one of the kinds of work in LIGHT, the memory of its workerd process
 * in bytes after FIRST_REQUESTS requests of this kind. Most of this memory is used by workerd
 * itself and its storage. The memory of the empty Worker shows how much that is.
 */
async function memoryOf(subjects) {
  const found = {};
  for (const [name, { url, pid, works }] of Object.entries(subjects)) {
    const work = LIGHT.find((name) => works[name]);
    if (!work) continue;
    const { connections } = WORKS[work];
    const client = await works[work]();
    await measure(
      url,
      Array.from({ length: connections }, (_, index) =>
        upTo(FIRST_REQUESTS / connections, client(index)),
      ),
      60,
    );
    found[name] = memory(pid);
  }
  return found;
}

/**
 * Measures one kind of work with all subjects in turns, in several rounds. For each subject,
 * returns the spread over the rounds of the rate, of the rate as a share of the floor's rate, and
 * of the processor time. Returns the values of each round too, from which confidence intervals are
 * computed. Of the response times, it returns only the medians of p50 and p99.
 *
 * The floor is an empty Worker, or undefined if it is not measured with this kind of work. It is
 * measured again for each subject and round, because the speed of the machine changes by more than
 * the difference between most subjects.
 */
async function inTurns(work, subjects, floor, rounds) {
  const found = Object.fromEntries(subjects.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = subjects.map((_, index) => subjects[(index + round) % subjects.length]);
    for (const [name, subject] of order) {
      const beside = floor && (await once("empty", floor, { like: work }));
      found[name].push({ ...(await once(work, subject)), beside });
    }
  }
  return Object.fromEntries(Object.entries(found).map(([name, runs]) => [name, summary(runs)]));
}

function summary(runs) {
  const of = (key) => runs.map((run) => run[key]);
  const knows = (key) => of(key).every((value) => value !== undefined);
  return {
    rate: spread(of("rate")),
    ...(knows("beside") && { share: spread(runs.map(({ rate, beside }) => rate / beside.rate)) }),
    ...(knows("processor") && { processor: spread(of("processor")) }),
    milliseconds: { p50: quantile(of("p50"), 0.5), p99: quantile(of("p99"), 0.5) },
    eachRound: {
      rate: of("rate"),
      ...(knows("processor") && { processor: of("processor") }),
      ...(knows("beside") && { floor: runs.map(({ beside }) => beside.rate) }),
    },
  };
}

/** The sizes of the Workers of edgegate and of PEERS in bytes, minified and gzipped. */
async function sizes() {
  const found = { edgegate: workerSize().bytes };
  for (const name of PEERS) found[name] = gzipSync(await bundleOf(name), { level: 9 }).length;
  return found;
}
