// How long the client waits, in milliseconds. These times depend on each other: a tab must wait for
// the lock for as long as another tab may hold it.

/**
 * A request without its own limit below. The service hashes a password in 50 ms; a slow network
 * takes longer.
 */
export const REQUEST_MS = 30_000;
/** A renewal. If it fails, the client tries again later. */
export const RENEWAL_MS = 15_000;
/** A logout. A login in the same browser has to wait until the logout has ended. */
export const LOGOUT_MS = 10_000;
/**
 * The request for the name of a user whose session was just found. The event `signed-in` waits for
 * its answer.
 */
export const NAMES_MS = 10_000;
/** Each of the two requests with which cors.js finds out why there is no answer. */
export const PROBE_MS = 2_000;
/** How long to wait for a token from the tab that had the lock before. */
export const HANDOVER_MS = 1_000;

// A tab that holds the lock sends one request, or it renews. Before it renews, it may wait for a
// message of another tab and send a logout. If there is no answer, it sends two requests to find
// out why.
const LONGEST_WORK_MS = Math.max(REQUEST_MS, HANDOVER_MS + LOGOUT_MS + RENEWAL_MS) + 2 * PROBE_MS;
// A timer may fire late, and it takes a moment to read an answer.
const SLACK_MS = 5_000;
/** A tab that holds the lock for longer is frozen or hangs. */
export const LONGEST_HOLD_MS = LONGEST_WORK_MS + SLACK_MS;
