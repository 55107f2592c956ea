// Computes for a given number of users how much load each part of Cloudflare gets, what that costs,
// and which limit is reached first. All functions are pure.
import { billed, sum, times } from "../cost.mjs";

const DAY = 86_400;
const DAYS_OF_A_MONTH = 30;

/**
 * How often all users together do each activity on a day. stores.mjs uses the same names of
 * activities.
 */
export function activityOf(users, use) {
  const active = users * use.activeShare;
  const renewals = (active * use.activeMinutes) / use.minutesBetweenRenewals;
  const logins = active * use.loginsPerActiveDay;
  // An active user is active in one period per day. So the first renewal in this period is also the
  // user's first renewal of the day.
  const first = Math.min(active, renewals);
  return {
    "log in": logins,
    renewal: renewals - first,
    "first renewal of a day": first,
    check: active * use.activeMinutes * use.checksPerMinute,
    "reset link": logins * use.resetsPerLogin,
  };
}

/**
 * What each activity of all users consumes on a day, in counted units (`billed` in ../cost.mjs
 * converts these to billed units).
 *
 * @param {import("./stores.mjs").Store} store
 */
export function dayOf(users, store, use) {
  return Object.fromEntries(
    Object.entries(activityOf(users, use)).map(([act, count]) => [
      act,
      times(store.bills[act], count),
    ]),
  );
}

/** The load in the busiest second of a day, in counted units. */
export const peakOf = (users, store, use) =>
  times(sum(Object.values(dayOf(users, store, use))), use.peak / DAY);

/** How many GB are stored in D1, in KV and in Durable Objects. */
export function storedBy(users, store, { use, bytes, gb }) {
  const isKv = store.name === "kv";
  return {
    D1: (users * bytes["user in D1"]) / gb,
    KV: isKv ? (users * use.sessionsPerUser * bytes["KV session"]) / gb : 0,
    objects: isKv ? 0 : (users * bytes["user's object"]) / gb,
  };
}

/**
 * The cost of a month in dollars, after the amounts that the plan includes have been subtracted: `{
 * byAct, plan, storage, together, verified }`. Each included amount is divided among the activities
 * in proportion to their use. `together` is the total cost. `verified` is the cost without checks:
 * what it costs if all programs verify tokens themselves instead of asking the service.
 */
export function monthOf(users, store, { use, cost, facts }) {
  const bills = Object.fromEntries(
    Object.entries(dayOf(users, store, use)).map(([act, units]) => {
      const requests = units["Worker requests"];
      const each =
        cost.assumed[act === "log in" ? "CPU of a login, ms" : "CPU of any other request, ms"];
      return [act, times(billed(units, requests * each, cost.assumed), DAYS_OF_A_MONTH)];
    }),
  );
  const storage = Object.entries(storedBy(users, store, { use, ...facts })).map(
    ([part, amount]) => [
      part,
      Math.max(0, amount - facts.storage[part].included) * facts.storage[part].price,
    ],
  );
  const stored = storage.reduce((all, [, dollars]) => all + Number(dollars), 0);
  const whole = (acts) => {
    const byAct = dollarsOf(acts, cost);
    const used = Object.values(byAct).reduce((all, dollars) => all + dollars, 0);
    return { byAct, together: used + stored + facts.plan };
  };
  const { check: _check, ...others } = bills;
  return {
    ...whole(bills),
    plan: facts.plan,
    storage: stored,
    verified: whole(others).together,
  };
}

function dollarsOf(bills, { prices, included }) {
  const all = sum(Object.values(bills));
  const share = (unit) => (all[unit] > 0 ? Math.max(0, 1 - included[unit] / all[unit]) : 0);
  const dollars = (bill) =>
    Object.entries(bill).reduce(
      (total, [unit, amount]) => total + (amount * share(unit) * prices[unit]) / 1e6,
      0,
    );
  return Object.fromEntries(Object.entries(bills).map(([act, bill]) => [act, dollars(bill)]));
}

/** The number of users at which this store reaches a limit. Infinity if it never does. */
export function usersAt({ amount, unit, a }, store, { use, bytes }) {
  const oneDay = sum(Object.values(dayOf(1, store, use)));
  const stored = storedBy(1, store, { use, bytes, gb: 1 });
  const perUser = {
    second: ((oneDay[unit] ?? 0) * use.peak) / DAY,
    hour: ((oneDay[unit] ?? 0) * use.peak) / 24,
    day: oneDay[unit] ?? 0,
    total: stored[unit.replace("bytes in ", "")] ?? 0,
  }[a];
  return perUser > 0 ? amount / perUser : Number.POSITIVE_INFINITY;
}

/**
 * A list of all pairs of a limit and a store that reaches it. The list is sorted by the number of
 * users at which the store reaches the limit.
 */
export const breaksOf = (stores, limits, facts) =>
  limits
    .flatMap((limit) =>
      stores.map((store) => ({ limit, store, users: usersAt(limit, store, facts) })),
    )
    .filter(({ users }) => Number.isFinite(users))
    .sort((one, other) => one.users - other.users);
