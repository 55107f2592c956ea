// Tests the simulation behind docs/scale.md. For each kind of request, a plan lists the storage
// operations in their order. The simulated requests must make exactly these operations, as often as
// the documents say, and their times must equal times that were computed by hand.
// tests/e2e/operations.test.mjs compares the plans with the built Worker.
import assert from "node:assert/strict";
import { test } from "node:test";
import { documentedCost } from "../../bench/cost.mjs";
import { normal, seeded } from "../../bench/random.mjs";
import { EventQueue } from "../../bench/scale/event-queue.mjs";
import { USE } from "../../bench/scale/facts.mjs";
import { CACHING, CONTINENTS, LATENCIES, sampler } from "../../bench/scale/latencies.mjs";
import { PLANS, stagesOf } from "../../bench/scale/plans.mjs";
import { oneAtATime, percentiles, simulate } from "../../bench/scale/simulation.mjs";
import { hasCopy, storesOf } from "../../bench/scale/stores.mjs";
import { quantile } from "../../bench/statistics.mjs";

const cost = documentedCost();
const stores = storesOf(cost);
const storeOf = (name) => stores.find((store) => store.name === name) ?? assert.fail(name);
const near = (found, right, by = 1e-6) =>
  assert.ok(Math.abs(found - right) <= by, `${found}, not ${right}`);

test("a plan makes exactly the operations that docs/operations.md counts", () => {
  for (const [store, plans] of Object.entries(PLANS)) {
    for (const [act, stages] of Object.entries(plans)) {
      const counted = cost.operations[store][act];
      const made = stages.flat();
      for (const call of ["KV writes", "object calls", "messages"])
        assert.equal(made.filter((one) => one === call).length, counted[call], `${act}, ${store}`);
      // Only compare whether keys are read at all. The numbers can differ, because one operation
      // may read several keys.
      assert.equal(made.includes("KV keys read"), counted["KV keys read"] > 0, `${act}, ${store}`);
      // The mail with a reset link is made after the answer. The simulation leaves out the
      // statements for this mail.
      const statements = act === "reset link" ? 0 : counted["D1 statements"];
      assert.equal(made.filter((one) => one === "D1 statements").length, statements);
    }
  }
});

test("a trace becomes stages: what overlaps is one stage", () => {
  const trace = "begin a,begin b,end b,end a,begin c,end c,answer,begin d,end d".split(",");
  assert.deepEqual(stagesOf(trace), [["a", "b"], ["c"]]);
  assert.deepEqual(stagesOf(["begin a", "end a", "begin a", "end a"]), [["a"], ["a"]]);
  assert.deepEqual(stagesOf(["begin a", "begin b", "end a", "begin c"]), [["a", "b"], ["c"]]);
  assert.deepEqual(stagesOf(["answer"]), []);
});

/**
 * In this simulation, the users' tokens are never checked. Checks would keep objects awake and keys
 * in the cache.
 */
const MINUTES = { ...USE, activeMinutes: 20, checksPerMinute: 0 };
/**
 * Every latency is a different power of two. So a total time shows which latencies were added up.
 */
const POWERS = Object.fromEntries(
  Object.keys(LATENCIES).map((name, index) => [name, { value: 2 ** index, source: "" }]),
);
const NOTHING = { ...cost.assumed, "CPU of any other request, ms": 0, "CPU of a login, ms": 0 };
const power = (name) => POWERS[name].value;
const run = (store, more = {}) =>
  simulate({ store, assumed: NOTHING, use: MINUTES, users: 2, latencies: POWERS, ...more });

test("requests make the calls of their plan, as often as there are requests", () => {
  for (const store of stores) {
    const { calls, measured } = run(store);
    const users = 2 * CONTINENTS.length;
    const expected = (act, requests) => {
      const all = {};
      for (const call of store.plans[act].flat()) all[call] = (all[call] ?? 0) + requests;
      return all;
    };
    assert.deepEqual(calls["log in"], expected("log in", users));
    assert.deepEqual(
      calls["first renewal of a day"],
      expected("first renewal of a day", users),
      store.name,
    );
    // Each user makes two renewals, after 10 and after 20 minutes.
    assert.deepEqual(calls.renewal, expected("renewal", users), store.name);
    assert.equal(measured.renewal.Asia.home.length, 2);
  }
});

test("a renewal with kv waits for the slower of KV and D1, then for the write", () => {
  const { measured } = run(storeOf("kv"));
  const [first] = measured.renewal["North America"].home;
  const central = power("within a continent") + power("KV read or write in a central store");
  // The session's key was not read for ten minutes, so it is no longer in the location's cache. It
  // is read from a central store.
  const database = power("Europe and North America") + power("D1 statement");
  near(first, power("user and the nearest location") + Math.max(central, database) + central);
});

test("the far database decides a renewal where it is slower than KV, and only there", () => {
  const far = { ...POWERS, "Europe and North America": { value: 1e6, source: "" } };
  const { measured } = run(storeOf("kv"), { latencies: far });
  assert.ok(measured.renewal["North America"].home[0] > 1e6);
  assert.ok(measured.renewal.Europe.home[0] < 1e5);
});

test("KV decides a renewal where it is slower than the database", () => {
  const central = "KV read or write in a central store";
  const slow = { ...POWERS, [central]: { value: 1e6, source: "" } };
  const { measured } = run(storeOf("kv"), { latencies: slow });
  const asked = power("user and the nearest location");
  near(measured.renewal.Europe.home[0], asked + 2 * (power("within a continent") + 1e6));
});

test("a write to KV from Asia goes to the nearer of the central stores", () => {
  for (const [nearer, farther] of [
    ["Europe and Asia", "North America and Asia"],
    ["North America and Asia", "Europe and Asia"],
  ]) {
    const latencies = {
      ...POWERS,
      [nearer]: { value: 1_000, source: "" },
      [farther]: { value: 5_000, source: "" },
    };
    const { measured } = run(storeOf("kv"), { latencies, primary: "Asia" });
    const asked = power("user and the nearest location");
    const login = power("within a continent") + power("D1 statement");
    near(
      measured["log in"].Asia.home[0],
      asked + login + 1_000 + power("KV read or write in a central store"),
    );
  }
});

test("a renewal with durable and no copy waits for D1, then for the object and its write", () => {
  const { measured } = run(stores.findLast((store) => !hasCopy(store)) ?? assert.fail());
  const object =
    power("object call") + power("object wakes up") + power("object write, stored safely");
  const asked = power("user and the nearest location");
  near(
    measured.renewal.Europe.home[0],
    asked +
      power("within a continent") +
      power("D1 statement") +
      power("within a continent") +
      object,
  );
  // This user's home is in Europe, but the user is abroad. The user's Durable Object is in North
  // America.
  near(
    measured.renewal.Europe.away[0],
    asked +
      power("within a continent") +
      power("D1 statement") +
      power("Europe and North America") +
      object,
  );
});

test("with the copy the first renewal of a day makes two calls and reads D1, the next one call", () => {
  const copy = stores.find((store) => store.name !== "kv" && hasCopy(store)) ?? assert.fail();
  const { measured } = run(copy);
  const asked = power("user and the nearest location");
  const object = power("within a continent") + power("object call");
  const written = object + power("object write, stored safely");
  const database = power("Europe and Asia") + power("D1 statement");
  const [first, second] = measured.renewal.Asia.home;
  near(first, asked + object + power("object wakes up") + database + written);
  near(second, asked + written + power("object wakes up"));
});

test("a check is answered by memory for 15 s and by KV's cache for 30 s", () => {
  const use = { ...MINUTES, activeMinutes: 1, minutesBetweenRenewals: 1, checksPerMinute: 20 };
  const one = { ...CACHING, isolates: 1 };
  const { calls, measured } = run(storeOf("kv"), { use, caching: one });
  // The checks are at 3 s, 6 s, … 57 s. Those at 3 s, 21 s, 39 s and 57 s read from KV. The Worker
  // answers the others from its memory.
  assert.equal(calls.check["KV keys read"], 4 * 6);
  const asked = power("user and the nearest location");
  const cold = power("within a continent") + power("KV read or write in a central store");
  const cached = power("KV read, cached at the location");
  const times = measured.check.Europe.home;
  assert.deepEqual(
    times.filter((time) => time > asked + 1e-6).map((time) => Math.round(time - asked)),
    [cold, cached, cached, cached],
  );
  // The checks are more than 30 s apart, so the cache has dropped the key each time.
  const rare = { ...use, checksPerMinute: 1.5, activeMinutes: 2, minutesBetweenRenewals: 2 };
  const late = run(storeOf("kv"), { use: rare, caching: one }).measured.check.Europe.home;
  assert.deepEqual(
    late.map((time) => Math.round(time - asked)),
    [cold, cold],
  );
});

test("the processor's time of a login is added to its wait", () => {
  const assumed = { ...NOTHING, "CPU of a login, ms": 40 };
  const [with40] = run(storeOf("kv"), { assumed }).measured["log in"].Europe.home;
  const [without] = run(storeOf("kv")).measured["log in"].Europe.home;
  near(with40 - without, 40);
});

test("the same seed gives the same times, another seed others", () => {
  const times = (seed) =>
    simulate({ store: storeOf("kv"), assumed: cost.assumed, use: MINUTES, users: 4, seed })
      .measured;
  assert.deepEqual(times(3), times(3));
  assert.notDeepEqual(times(3), times(4));
});

// This is an M/D/1 queue. Its mean waiting time is ρ / (2 (1 − ρ)) times the service time
// (Pollaczek and Khinchine).
test("statements wait for those of other users as queueing theory says", () => {
  for (const load of [0.5, 0.9]) {
    const uniform = seeded(5);
    const database = oneAtATime(() => 1, load, uniform);
    let [waited, now, asked] = [0, 0, 0];
    for (; asked < 4_000; asked += 1) {
      now += 200 - 200 * Math.log(1 - uniform());
      waited += database.done(now) - now - 1;
    }
    const right = load / (2 * (1 - load));
    near(waited / asked, right, right * 0.1);
  }
});

test("events happen in the order of time, and of adding", () => {
  const events = new EventQueue();
  const uniform = seeded(2);
  const seen = [];
  for (let n = 0; n < 500; n += 1) {
    const time = Math.floor(uniform() * 100);
    events.at(time, (now) => {
      seen.push([now, n]);
      if (n < 50) events.at(now + 1, (later) => seen.push([later, 1_000 + n]));
    });
  }
  events.run();
  assert.equal(seen.length, 550);
  const sorted = [...seen].sort(([a, first], [b, second]) => a - b || first - second);
  assert.deepEqual(
    seen.map(([time]) => time),
    sorted.map(([time]) => time),
  );
  const firsts = seen.filter(([, n]) => n < 1_000);
  assert.deepEqual(
    firsts,
    [...firsts].sort(([a, first], [b, second]) => a - b || first - second),
  );
});

test("a sampler has the percentiles that it was given", () => {
  const uniform = seeded(9);
  const random = { uniform, normal: normal(uniform) };
  const drawn = (latency) => Array.from({ length: 20_000 }, sampler(latency, random));
  const both = drawn({ median: 15, p95: 50, source: "" });
  near(quantile(both, 0.5), 15, 0.5);
  near(quantile(both, 0.95), 50, 2);
  near(quantile(drawn({ p95: 91, source: "" }), 0.95), 91, 1);
  const flat = drawn({ from: 0.5, to: 10, source: "" });
  near(Math.min(...flat), 0.5, 0.01);
  near(Math.max(...flat), 10, 0.01);
  assert.deepEqual(percentiles([1, 2, 3]), { p50: 2, p95: 2.9, p99: 2.98 });
});
