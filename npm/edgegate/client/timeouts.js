// How long the client waits, in milliseconds. These times depend on each other: a tab must wait for
// the lock for as long as another tab may hold it.

/**
 * The limit for each request that has no limit of its own below. The service needs only 50 ms to
 * hash a password, but on a slow network a request takes much longer.
 */
export const REQUEST_MS = 30_000;
/** The limit for a renewal. If a renewal fails, the client tries again later. */
export const RENEWAL_MS = 15_000;
/** The limit for a logout. A login in the same browser has to wait until the logout has ended. */
export const LOGOUT_MS = 10_000;
/**
 * The limit for the request for a user's name, after a session was found. The event `signed-in`
 * waits for the answer to this request.
 */
export const NAMES_MS = 10_000;
/**
 * The limit for each of the one or two requests with which cors.js finds out why the service does
 * not answer.
 */
export const PROBE_MS = 2_000;
/**
 * How long a tab that has just got the lock waits for a token from the tab that had the lock
 * before.
 */
export const HANDOVER_MS = 1_000;

// A tab that holds the lock sends one request, or it renews. Before it renews, it sometimes waits
// for a message of another tab and sends a logout. If there is no answer, it sends up to two
// requests to find out why.
const LONGEST_WORK_MS = Math.max(REQUEST_MS, HANDOVER_MS + LOGOUT_MS + RENEWAL_MS) + 2 * PROBE_MS;
// A timer can fire late, and it takes a moment to read an answer.
const SLACK_MS = 5_000;
/**
 * The longest time for which a tab may hold the lock. A tab that holds it for longer is frozen or
 * hangs.
 */
export const LONGEST_HOLD_MS = LONGEST_WORK_MS + SLACK_MS;
