// Simulates how long a login, a renewal and a check take for users on three continents, while each
// user is active for some time. The simulation uses virtual time: it does not wait. plans.mjs and
// stores.mjs say which calls a request waits for, and latencies.mjs says how long each call takes.
// The same seed always gives the same result.
import { normal, seeded } from "../random.mjs";
import { quantile } from "../statistics.mjs";
import { EventQueue } from "./event-queue.mjs";
import {
  CACHING,
  CENTRAL_STORES,
  CONTINENTS,
  LATENCIES,
  PRIMARY,
  sampler,
  wayBetween,
} from "./latencies.mjs";

const D1 = "D1 statements";

/**
 * The processor time of a login or of another request in ms, as docs/operations.md states it.
 */
const cpuOf = (act, assumed) =>
  assumed[act === "log in" ? "CPU of a login, ms" : "CPU of any other request, ms"];

/**
 * @typedef {object} Options
 * @property {import("./stores.mjs").Store} store
 * @property {Record<string, number>} assumed the assumptions of docs/operations.md
 * @property {typeof import("./facts.mjs").USE} use
 * @property {number} [seed]
 * @property {number} [users] the number of simulated users on each continent
 * @property {number} [background] how many statements per second D1 answers for all other users
 * @property {string} [primary] the continent of the D1 database
 * @property {typeof LATENCIES} [latencies]
 * @property {typeof CACHING} [caching]
 */

/**
 * Runs the simulation. In the result, `measured[act][continent][place]` is a list of response times
 * in milliseconds. `place` says where the user's Durable Object is: "home" is the user's continent,
 * and "away" another continent. `calls[act][call]` says how often the requests of an act made a
 * call.
 *
 * @param {Options} options
 */
export function simulate({
  store,
  assumed,
  use,
  seed = 1,
  users = 200,
  background = 0,
  primary = PRIMARY,
  latencies = LATENCIES,
  caching = CACHING,
}) {
  const uniform = seeded(seed);
  const random = { uniform, normal: normal(uniform) };
  const draw = Object.fromEntries(
    Object.entries(latencies).map(([name, latency]) => [name, sampler(latency, random)]),
  );
  const way = (from, to) => draw[wayBetween(from, to)]();
  const events = new EventQueue();
  const database = oneAtATime(draw["D1 statement"], background / 1000, uniform);
  const measured = {};
  const calls = {};

  /**
   * For each kind of call, a function that returns the time at which a call ends if it begins now.
   * Calls to D1 are not in this object: when such a call ends is not known until it arrives at the
   * database, because it might have to wait there.
   */
  const made = {
    "KV keys read": (user, now, act) => {
      const keys = keysOf(act);
      const isCached = keys.map(
        (key) => now - (user.cachedAt[key] ?? -Infinity) <= caching.kv * 1e3,
      );
      for (const key of keys) user.cachedAt[key] = now;
      return isCached.every(Boolean)
        ? now + draw["KV read, cached at the location"]()
        : now + central(user);
    },
    "KV writes": (user, now) => now + central(user),
    "object calls": (user, now, act, isLast) => {
      const isAwake = now - user.object.calledAt <= caching.object * 1e3;
      user.object.calledAt = now;
      const writes = isLast && store.bills[act]["object rows written"] > 0;
      return (
        now +
        way(user.continent, user.object.continent) +
        draw["object call"]() +
        (isAwake ? 0 : draw["object wakes up"]()) +
        (writes ? draw["object write, stored safely"]() : 0)
      );
    },
  };
  const central = ({ continent }) => {
    const nearest = CENTRAL_STORES.includes(continent) ? [continent] : CENTRAL_STORES;
    const ways = nearest.map((store) => way(continent, store));
    return Math.min(...ways) + draw["KV read or write in a central store"]();
  };

  /**
   * Simulates a request: makes the calls of its stages, one stage after another, and then answers.
   */
  function ask(user, act, stages, begun) {
    const toUs = draw["user and the nearest location"]() / 2;
    const answer = (now) => note(measured, act, user, now + cpuOf(act, assumed) + toUs - begun);
    const call = (name, now, index) => {
      count(calls, act, name);
      return made[name](user, now, act, index === stages.length - 1);
    };
    const stage = (index, now) => {
      if (index === stages.length) return answer(now);
      const here = stages[index]
        .filter((name) => name !== D1)
        .map((name) => call(name, now, index));
      const last = Math.max(now, ...here);
      if (here.length === stages[index].length) return stage(index + 1, last);
      // The arrival of a statement at the database is an event of its own. So the database handles
      // the statements of all users in the order of their arrival.
      count(calls, act, D1);
      const between = way(user.continent, primary);
      return events.at(now + between / 2, (at) =>
        stage(index + 1, Math.max(last, database.done(at) + between / 2)),
      );
    };
    stage(0, begun + toUs);
  }

  /**
   * Simulates a check. If the store is `kv` and the isolate has looked up the token's session a
   * short time ago, the check makes no call.
   */
  function check(user, begun) {
    if (store.name !== "kv") return ask(user, "check", store.plans.check, begun);
    const isolate = Math.floor(uniform() * caching.isolates);
    const isKnown = begun - (user.lookedUpAt[isolate] ?? -Infinity) <= caching.isolate * 1e3;
    if (!isKnown) user.lookedUpAt[isolate] = begun;
    return ask(user, "check", isKnown ? [] : store.plans.check, begun);
  }

  const hour = use.activeMinutes * 60e3;
  for (const continent of CONTINENTS) {
    for (let number = 0; number < users; number++) {
      const isAway = number % 2 === 1;
      const user = newUser(continent, isAway);
      const start = uniform() * hour;
      const { plans } = store;
      events.at(start, (now) => ask(user, "log in", plans["log in"], now));
      const renewals = use.activeMinutes / use.minutesBetweenRenewals;
      for (let renewal = 1; renewal <= renewals; renewal++) {
        const act = renewal === 1 ? "first renewal of a day" : "renewal";
        const at = start + renewal * use.minutesBetweenRenewals * 60e3;
        events.at(at, (now) => ask(user, act, plans[act], now));
      }
      const between = 60e3 / use.checksPerMinute;
      const checkLater = (last) => {
        if (last + between < start + hour)
          events.at(last + between, (now) => {
            check(user, now);
            checkLater(now);
          });
      };
      checkLater(start);
    }
  }
  events.run();
  return { measured, calls };
}

function newUser(continent, isAway) {
  const next = CONTINENTS[(CONTINENTS.indexOf(continent) + 1) % CONTINENTS.length];
  return {
    continent,
    place: isAway ? "away" : "home",
    object: { continent: isAway ? next : continent, calledAt: Number.NEGATIVE_INFINITY },
    cachedAt: {},
    lookedUpAt: {},
  };
}

/** The kinds of keys that a request reads in KV. docs/storage.md describes them. */
const keysOf = (act) => (act === "check" ? ["ended", "stale"] : ["session", "ended"]);

function note(measured, act, { continent, place }, milliseconds) {
  const named = act === "first renewal of a day" ? "renewal" : act;
  measured[named] ??= {};
  measured[named][continent] ??= { home: [], away: [] };
  measured[named][continent][place].push(milliseconds);
}

function count(calls, act, call) {
  calls[act] ??= {};
  calls[act][call] = (calls[act][call] ?? 0) + 1;
}

/**
 * A simulated database that executes one statement at a time. `done(now)` returns the time at which
 * a statement that arrives now is done. Statements of users who are not simulated arrive in
 * between, at random times, on average `perMillisecond` of them per millisecond.
 */
export function oneAtATime(duration, perMillisecond, uniform) {
  let free = 0;
  let next = perMillisecond > 0 ? 0 : Number.POSITIVE_INFINITY;
  return {
    done(now) {
      while (next <= now) {
        free = Math.max(free, next) + duration();
        next -= Math.log(1 - uniform()) / perMillisecond;
      }
      free = Math.max(free, now) + duration();
      return free;
    },
  };
}

/** The percentiles of the times, in milliseconds. */
export const percentiles = (times) => ({
  p50: quantile(times, 0.5),
  p95: quantile(times, 0.95),
  p99: quantile(times, 0.99),
});
