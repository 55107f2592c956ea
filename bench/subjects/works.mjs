// The kinds of work that are measured. Each has a title for the table of results, a number of
// connections, and the duration of a round.

/**
 * How many times one request verifies its token. One request verifies so often that the cost of
 * HTTP is negligible. `LOOPS` in bench/bare-worker/src/lib.rs must be the same number.
 */
export const LOOPS = 200;

const CHECK = { connections: 16, seconds: 0.7, floor: true };
const VERIFY = { connections: 1, seconds: 0.7, times: LOOPS };
const SLOW = { connections: 8, seconds: 2 };

/**
 * The options for kinds of work in which each request leads to a mail. A round has a fixed number
 * of requests. It ends when the mail provider has accepted a mail for each of them. The number is a
 * multiple of the batch size of the mail queue (`max_batch_size` in wrangler.toml). So all batches
 * are full, as they would be in an endless stream of requests.
 */
const MAILED = { connections: 8, seconds: 60, requests: 400, mails: true };

/**
 * The kinds of work. The keys are the names that each compared program uses to list what it can do.
 * - `floor`: before each measurement, an empty Worker is measured too.
 * - `times`: how many times one request does the work.
 * - `requests`: a round sends at most this many requests, and stops earlier if `seconds` have
 *   passed.
 * - `mails`: each request leads to a mail, and the round ends when all mails have arrived.
 *
 * @type {Record<string, { title: string, connections: number, seconds: number,
 *   floor?: boolean, times?: number, requests?: number, mails?: boolean }>}
 */
export const WORKS = {
  empty: { ...CHECK, title: "answer nothing" },
  "check-eddsa-repeated": { ...CHECK, title: "check a role, token seen before, EdDSA" },
  "check-hs256-repeated": { ...CHECK, title: "check a role, token seen before, HS256" },
  "check-es256-repeated": { ...CHECK, title: "check a role, token seen before, ES256" },
  "check-eddsa-new": { ...CHECK, title: "check a role, every token new, EdDSA" },
  "check-hs256-new": { ...CHECK, title: "check a role, every token new, HS256" },
  "check-es256-new": { ...CHECK, title: "check a role, every token new, ES256" },
  "check-session": { ...CHECK, title: "check by looking the session up" },
  "verify-seen": { ...VERIFY, title: "verify in the Worker, token seen before" },
  "verify-eddsa": { ...VERIFY, title: "verify in the Worker, EdDSA" },
  "verify-hs256": { ...VERIFY, title: "verify in the Worker, HS256" },
  "verify-es256": { ...VERIFY, title: "verify in the Worker, ES256" },
  login: { ...SLOW, title: "log in" },
  renew: { ...SLOW, title: "renew, each client its own chain" },
  revoke: { ...SLOW, title: "log out" },
  reset: { ...MAILED, title: "ask for a reset link, until the mail is sent" },
};
