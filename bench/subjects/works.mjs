// The work that is timed: its title in the table, its number of connections, and the length of a
// round.

/**
 * How often one request verifies, so that the cost of HTTP does not show: `LOOPS` of
 * bench/bare-worker/src/lib.rs.
 */
export const LOOPS = 200;

const CHECK = { connections: 16, seconds: 0.7, floor: true };
const VERIFY = { connections: 1, seconds: 0.7, times: LOOPS };
const SLOW = { connections: 8, seconds: 2 };

/**
 * Each request leads to a mail. A round has a certain number of requests, and ends when the provider
 * has accepted all of their mails. The number is a multiple of a queue's batch (`max_batch_size` in
 * wrangler.toml), as in a stream of requests that does not end.
 */
const MAILED = { connections: 8, seconds: 60, requests: 400, mails: true };

/**
 * The works, by the name under which subjects offer them. `floor`: measured together with an empty
 * Worker each time. `times`: how often a request does the work. `requests`: after how many a round
 * ends, if that comes before its `seconds`. `mails`: each request leads to a mail.
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
