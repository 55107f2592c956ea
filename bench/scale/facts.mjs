// The numbers from which docs/scale.md is computed: how people use the service, what was measured,
// and what Cloudflare publishes. For each number, this file names the source or says that the
// number is an assumption.

const DOCS = "https://developers.cloudflare.com";

/** The date on which somebody last looked up these numbers on Cloudflare's pages. */
export const LOOKED_UP = "2026-11-29";

/**
 * How people use the service. All of these numbers are assumptions. run.mjs says how to use your
 * own numbers instead.
 */
export const USE = {
  /** The share of the users who are active on a day. */
  activeShare: 0.1,
  activeMinutes: 60,
  /**
   * An access token is valid for ten minutes. AuthClient renews it 60 to 90 seconds before it
   * expires, so its renewals are in fact about nine minutes apart.
   */
  minutesBetweenRenewals: 10,
  checksPerMinute: 20,
  loginsPerActiveDay: 0.1,
  /** Users forget passwords: for every ten logins, one reset link is mailed. */
  resetsPerLogin: 0.1,
  /** The load in the busiest second, as a multiple of the average load. */
  peak: 3,
  sessionsPerUser: 2,
};

export const SIZES = [1_000, 1_000_000, 100_000_000];

/**
 * Measured sizes. tests/bench/scale.test.mjs and tests/e2e/operations.test.mjs check that they are
 * still right.
 */
export const BYTES = {
  "user in D1": 385,
  "address in an index": 80,
  "user's object": 24_576,
  "KV session": 357,
};

/**
 * How often each activity calls a rate limiter. Cloudflare does not bill these calls.
 * operations.test.mjs counts them.
 */
export const LIMITER_CALLS = {
  "log in": 2,
  renewal: 2,
  "first renewal of a day": 2,
  check: 0,
  "reset link": 2,
};

/** The price of storage in dollars per GB and month, and how many GB the plan includes. */
export const STORAGE = {
  D1: { price: 0.75, included: 5, source: `${DOCS}/d1/platform/pricing/` },
  KV: { price: 0.5, included: 1, source: `${DOCS}/kv/platform/pricing/` },
  objects: { price: 0.2, included: 5, source: `${DOCS}/durable-objects/platform/pricing/` },
};
export const PLAN_DOLLARS = 5;
/** A GB as Cloudflare defines it. */
export const GB = 1e9;

/**
 * The limits that Cloudflare, the service's settings and a mail provider have. `free` marks limits
 * that only the free plan has. `a` says what must not exceed the limit: the load in the busiest
 * second ("second"), in the busiest hour ("hour") or in a whole day ("day"), or the stored amount
 * ("total").
 *
 * @type {{ limit: string, amount: number, unit: string, a: "second" | "hour" | "day" | "total",
 *   free?: boolean, source: string, remedy: string, remedyWithoutCopy?: string }[]}
 */
export const LIMITS = [
  {
    limit: "KV reads of the free plan",
    amount: 100_000,
    unit: "KV keys read",
    a: "day",
    free: true,
    source: `${DOCS}/kv/platform/limits/`,
    remedy: "take the paid plan, or check tokens locally",
  },
  {
    limit: "requests of the free plan",
    amount: 100_000,
    unit: "Worker requests",
    a: "day",
    free: true,
    source: `${DOCS}/workers/platform/limits/`,
    remedy: "take the paid plan, or check tokens locally",
  },
  {
    limit: "object calls of the free plan",
    amount: 100_000,
    unit: "object calls",
    a: "day",
    free: true,
    source: `${DOCS}/durable-objects/platform/pricing/`,
    remedy: "take the paid plan, or check tokens locally",
  },
  {
    limit: "KV writes of the free plan",
    amount: 1_000,
    unit: "KV writes",
    a: "day",
    free: true,
    source: `${DOCS}/kv/platform/limits/`,
    remedy: 'take the paid plan, or set `SESSION_STORE = "durable"`',
  },
  {
    limit: "log lines of the free plan",
    amount: 200_000,
    unit: "log lines",
    a: "day",
    free: true,
    source: `${DOCS}/workers/observability/logs/workers-logs/`,
    remedy: "take the paid plan, or lower `head_sampling_rate`",
  },
  {
    limit: "objects of the free plan, 5 GB",
    amount: 5 * GB,
    unit: "bytes in objects",
    a: "total",
    free: true,
    source: `${DOCS}/durable-objects/platform/limits/`,
    remedy: "take the paid plan",
  },
  {
    limit: "KV of the free plan, 1 GB",
    amount: 1 * GB,
    unit: "bytes in KV",
    a: "total",
    free: true,
    source: `${DOCS}/kv/platform/limits/`,
    remedy: "take the paid plan",
  },
  {
    limit: "the D1 database of the free plan, 500 MB",
    amount: 0.5 * GB,
    unit: "bytes in D1",
    a: "total",
    free: true,
    source: `${DOCS}/d1/platform/limits/`,
    remedy: "take the paid plan",
  },
  {
    limit: "`MAIL_BUDGET` of 1,000: the 400 mails an hour for first resets of a network",
    amount: 400,
    unit: "messages",
    a: "hour",
    source: "operations.md#limits-of-mails",
    remedy: "raise `MAIL_BUDGET`; until then mails wait for the next hour",
  },
  {
    limit: "a mail provider's default of 2 requests a second (Resend)",
    amount: 2,
    unit: "messages",
    a: "second",
    source: "https://resend.com/docs/api-reference/rate-limit",
    remedy: "ask the provider for more; until then mails are retried",
  },
  {
    limit: "one D1 database, 10 GB",
    amount: 10 * GB,
    unit: "bytes in D1",
    a: "total",
    source: `${DOCS}/d1/platform/limits/`,
    remedy: "[divide the users among databases](#past-one-database)",
  },
  {
    limit: "one D1 database, 1,000 statements a second",
    amount: 1_000,
    unit: "D1 statements",
    a: "second",
    source: `${DOCS}/d1/platform/limits/`,
    remedy: "[divide the users among databases](#past-one-database)",
    remedyWithoutCopy: "use `durable` with [the copy in the object](#the-copy-in-the-object)",
  },
  {
    limit: "Workers Logs, 5 billion lines a day",
    amount: 5e9,
    unit: "log lines",
    a: "day",
    source: `${DOCS}/workers/observability/logs/workers-logs/`,
    remedy: "lower `head_sampling_rate`",
  },
  {
    limit: "one queue, 5,000 messages a second",
    amount: 5_000,
    unit: "messages",
    a: "second",
    source: `${DOCS}/queues/platform/limits/`,
    remedy: "a second queue",
  },
];

/**
 * Limits for a single network address, key or Durable Object. These limits don't depend on the
 * total number of users. `each` is how much load per second one active user adds.
 */
export const OF_ONE = [
  {
    limit: "one network address: 60 logins a minute (`IP_LIMITER`)",
    amount: 60 / 60,
    source: "operations.md#rate-limits",
    /** If everybody signs in within the same ten minutes, each user adds one login in 600 s. */
    each: () => 1 / 600,
    who: "people of one office who sign in within the same ten minutes",
    remedy: "raise the limit of the binding `IP_LIMITER`",
  },
  {
    limit: "one network address: 3,000 renewals a minute (`RENEWAL_LIMITER`)",
    amount: 3_000 / 60,
    source: "operations.md#rate-limits",
    each: ({ minutesBetweenRenewals }) => 1 / (minutesBetweenRenewals * 60),
    who: "people behind one address who are active at the same time",
    remedy: "raise the limit of the binding `RENEWAL_LIMITER`",
  },
  {
    limit: "one KV key: 1 write a second",
    amount: 1,
    source: `${DOCS}/kv/platform/limits/`,
    each: ({ minutesBetweenRenewals }) => 1 / (minutesBetweenRenewals * 60),
    who: "clients that share one session and rotate its token",
    remedy: "nothing: each session has its own key",
  },
  {
    limit: "one object: 1,000 calls a second",
    amount: 1_000,
    source: `${DOCS}/durable-objects/platform/limits/`,
    each: ({ minutesBetweenRenewals, checksPerMinute }) =>
      checksPerMinute / 60 + 1 / (minutesBetweenRenewals * 60),
    who: "clients of one user that are active at the same time",
    remedy: "nothing: each user has their own object",
  },
];
