// The tables of docs/scale.md about capacity.
import { wrapped } from "../comparisons.mjs";
import { activityOf, breaksOf, monthOf, peakOf, storedBy } from "./capacity.mjs";
import { dollars, link, markdownTable, people, short } from "./format.mjs";
import { hasCopy } from "./stores.mjs";

const DAY = 86_400;

/**
 * @typedef {object} Model the data from which the tables are computed
 * @property {import("./stores.mjs").Store[]} stores
 * @property {typeof import("./facts.mjs").USE} use
 * @property {Record<string, number>} bytes
 * @property {number[]} sizes
 * @property {ReturnType<typeof import("../cost.mjs").documentedCost>} cost
 * @property {typeof import("./facts.mjs")} facts
 */

/**
 * The name of a store. If its operations are not counted but computed, the reason follows in
 * parentheses.
 *
 * @param {{ name: string, note?: string }} store
 */
export const titleOf = ({ name, note }) => (note ? `${name} (${note})` : name);

/** A list with the most important results. @param {Model} model */
export function summary(model) {
  const { stores, sizes, use, bytes, cost, facts } = model;
  const prices = pricesOf(model);
  const built = stores.filter(({ note }) => !note);
  const each = (of) => built.map((store) => `${of(store)} with \`${store.name}\``).join(" and ");
  const first = (limits) =>
    each((store) => `${people(breaksOf([store], limits, { use, bytes })[0].users)} users`);
  const whole = (users) =>
    each((store) => dollars(monthOf(users, store, { use, cost, facts: prices }).together));
  const verified = (users) =>
    each((store) => dollars(monthOf(users, store, { use, cost, facts: prices }).verified));
  const at = (unit) => {
    const limits = facts.LIMITS.filter((limit) => limit.unit === unit && !limit.free);
    const [reached] = breaksOf(built, limits, { use, bytes });
    return reached ? `at ${people(reached.users)} users` : "at no number of users";
  };
  return [
    `- **The free plan** is enough for ${first(facts.LIMITS.filter(({ free }) => free))}.`,
    ...sizes.map(
      (users) =>
        `- **${people(users)} users** cost ${whole(users)} a month. If other programs verify tokens themselves, they cost ${verified(users)}.`,
    ),
    `- **One D1 database** is full ${at("bytes in D1")}, and too busy ${at("D1 statements")}.`,
  ]
    .flatMap(wrapped)
    .join("\n");
}

const pricesOf = ({ facts, bytes }) => ({
  storage: facts.STORAGE,
  plan: facts.PLAN_DOLLARS,
  gb: facts.GB,
  bytes,
});

/** @param {Model} model */
export function useTable({ use }) {
  return markdownTable(
    ["assumed", "amount"],
    [
      ["users who are active on a day", `${use.activeShare * 100} %`],
      ["minutes for which an active user is active", use.activeMinutes],
      ["minutes between two renewals", use.minutesBetweenRenewals],
      ["checks a minute", use.checksPerMinute],
      ["logins on an active day", use.loginsPerActiveDay],
      ["reset links for each login", use.resetsPerLogin],
      ["sessions of a user", use.sessionsPerUser],
      ["the busiest second, compared with the mean", `${use.peak} times`],
    ],
  );
}

/** @param {Model} model */
export const bytesTable = ({ bytes }) =>
  markdownTable(
    ["measured", "bytes"],
    Object.entries(bytes).map(([what, amount]) => [what, amount.toLocaleString("en")]),
  );

/** @param {Model} model */
export function peakTable({ stores, use, sizes, facts }) {
  const perSecond = (users, act) => {
    const activity = activityOf(users, use);
    const renewals = activity.renewal + activity["first renewal of a day"];
    return ((act === "renewal" ? renewals : activity[act]) * use.peak) / DAY;
  };
  const of = (title, act) => [title, "all", ...sizes.map((users) => short(perSecond(users, act)))];
  const rows = [of("logins", "log in"), of("renewals", "renewal"), of("checks", "check")];
  for (const unit of [
    "Worker requests",
    "KV keys read",
    "KV writes",
    "D1 statements",
    "D1 rows written",
    "object calls",
    "object rows written",
    "log lines",
  ])
    rows.push(...rowsOf(unit, stores, (store, users) => peakOf(users, store, use)[unit], sizes));
  rows.push(
    ...rowsOf(
      "queue messages, mails",
      stores,
      (store, users) => peakOf(users, store, use).messages,
      sizes,
    ),
    [
      "calls of rate limiters",
      "all",
      ...sizes.map((users) => short(limiterCalls(users, use, facts))),
    ],
  );
  return markdownTable(["a second, at the peak", "with", ...sizes.map(people)], rows);
}

function limiterCalls(users, use, { LIMITER_CALLS }) {
  const activity = activityOf(users, use);
  const calls = Object.entries(activity).map(([act, count]) => count * LIMITER_CALLS[act]);
  return (calls.reduce((all, count) => all + count, 0) * use.peak) / DAY;
}

/**
 * Makes a row of the table for each store, or a single row if the amounts of all stores are equal.
 * A store that does not use the unit gets no row.
 */
function rowsOf(title, stores, amountOf, sizes) {
  const rows = stores.map((store) => ({
    store,
    cells: sizes.map((users) => short(amountOf(store, users))),
  }));
  const isSame = rows.every(({ cells }) => cells.join() === rows[0].cells.join());
  if (isSame) return [[title, "all", ...rows[0].cells]];
  return rows
    .filter(({ cells }) => cells.at(-1) !== "0")
    .map(({ store, cells }) => [title, titleOf(store), ...cells]);
}

/** @param {Model} model */
export function storedTable({ stores, use, bytes, sizes, facts }) {
  const parts = Object.entries(facts.STORAGE).flatMap(([part, { source }]) =>
    stores
      .filter(({ note }) => !note)
      .filter((store) => storedBy(1, store, { use, bytes, gb: facts.GB })[part] > 0)
      .map((store) => ({ part, source, store })),
  );
  const rows = parts
    .filter(({ part, store }) => part !== "D1" || store === stores[0])
    .map(({ part, source, store }) => [
      link(part, source),
      part === "D1" ? "all" : store.name,
      ...sizes.map((users) => short(storedBy(users, store, { use, bytes, gb: facts.GB })[part])),
    ]);
  return markdownTable(["GB stored in", "with", ...sizes.map(people)], rows);
}

/** @param {Model} model */
export function monthTable(model) {
  const { stores, use, sizes, cost } = model;
  const prices = pricesOf(model);
  const rows = sizes.flatMap((users) =>
    stores.map((store) => {
      const month = monthOf(users, store, { use, cost, facts: prices });
      const { byAct } = month;
      return [
        people(users),
        titleOf(store),
        ...[
          byAct["log in"],
          byAct.renewal + byAct["first renewal of a day"],
          byAct.check,
          byAct["reset link"],
          month.storage,
          month.together,
          month.verified,
        ].map(dollars),
      ];
    }),
  );
  return markdownTable(
    [
      "users",
      "with",
      "logins",
      "renewals",
      "checks",
      "reset links",
      "storage",
      "a month, together",
      "without checks",
    ],
    rows,
  );
}

/**
 * Limits that are reached only with this many users or more are left out, because no service has so
 * many users.
 */
const NOBODY = 1e9;

/**
 * A table of the limits. If several stores reach a limit at the same number of users, they share a
 * row. @param {Model} model
 */
export function breaksTable({ stores, use, bytes, facts }) {
  const rows = new Map();
  for (const { limit, store, users } of breaksOf(stores, facts.LIMITS, { use, bytes })) {
    // With `kv`, Durable Objects are not used for sessions. They are used only for mails, for
    // authorization codes and, if PASSWORD_WORK is "durable", for passwords. So their limit is left
    // out.
    const isBesides = limit.unit === "object calls" && store.name === "kv";
    if (users >= NOBODY || isBesides) continue;
    const key = `${limit.limit} ${people(users)}`;
    const remedy = (!hasCopy(store) && limit.remedyWithoutCopy) || limit.remedy;
    const row = rows.get(key) ?? { limit, users, remedy, names: [] };
    rows.set(key, { ...row, names: [...row.names, store.name] });
  }
  return markdownTable(
    ["users", "reach", "with", "then"],
    [...rows.values()].map(({ limit, users, remedy, names }) => [
      people(users),
      link(limit.limit, limit.source),
      names.length === stores.length ? "all" : names.join("; "),
      remedy,
    ]),
  );
}

/** @param {Model} model */
export function ofOneTable({ use, facts }) {
  return markdownTable(
    ["limit of", "is reached by", "then"],
    facts.OF_ONE.map(({ limit, amount, source, each, who, remedy }) => [
      link(limit, source),
      `${short(amount / each(use))} ${who}`,
      remedy,
    ]),
  );
}

/**
 * A table that shows how many databases are needed: because of the size of the data, and because of
 * the number of statements per second.
 *
 * @param {Model} model
 */
export function databasesTable({ stores, use, bytes, sizes, facts }) {
  const paid = facts.LIMITS.filter(({ free }) => !free);
  const amountOf = (wanted) => paid.find(({ unit }) => unit === wanted)?.amount ?? Number.NaN;
  const [size, rate] = [amountOf("bytes in D1"), amountOf("D1 statements")];
  return markdownTable(
    ["databases for", "with", "by size", "by statements", "index of addresses, by size"],
    sizes.flatMap((users) =>
      stores.map((store) => [
        people(users),
        titleOf(store),
        ...[
          (users * bytes["user in D1"]) / size,
          peakOf(users, store, use)["D1 statements"] / rate,
          (users * bytes["address in an index"]) / size,
        ].map((share) => Math.max(1, Math.ceil(share)).toLocaleString("en")),
      ]),
    ),
  );
}

/** A sentence for the document that explains the third store. @param {Model} model */
export const storesSentence = ({ stores }) =>
  wrapped(
    stores.some(({ note }) => note === "planned")
      ? "`durable, copy (planned)` is the next step of `durable`: the user's object keeps a copy of the row of D1, from which renewals are answered. It is not built and counted yet. The program computes it from [its protocol](#the-copy-in-the-object)."
      : "`durable, no copy (for comparison)` is `durable` as it was before the user's object kept [a copy of the row of D1](#the-copy-in-the-object). The program computes it, so that the difference can be seen.",
  ).join("\n");

/**
 * A table that shows what renewals consume if the Durable Object keeps a copy of the user's row.
 * @param {Model} model
 */
export function copyTable({ stores }) {
  const units = ["D1 statements", "object calls", "object rows read", "object rows written"];
  const store = stores.findLast((store) => store.name !== "kv" && hasCopy(store)) ?? stores[0];
  return markdownTable(
    ["operation", "with", ...units],
    ["renewal", "first renewal of a day"].map((act) => [
      act,
      titleOf(store),
      ...units.map((unit) => store.bills[act][unit] ?? 0),
    ]),
  );
}
