// How long the client waits, in milliseconds. They stand together because they depend on each
// other: who waits for the lock must wait for as long as its holder may take.

/** A request to the service. It hashes a password in 50 ms; a bad line takes longer. */
export const REQUEST_MS = 30_000;
/** A renewal: the next one may try again. */
export const RENEWAL_MS = 15_000;
/** A logout: a login waits for it. */
export const LOGOUT_MS = 10_000;
/** The names of a user who was just found: "signed-in" waits for them. */
export const NAMES_MS = 10_000;
/** After the lock came from another tab, its message may still be on the way. */
export const HANDOVER_MS = 1_000;

// What a tab does while it holds the lock: one request, or a renewal with whatever comes before it.
const LONGEST_WORK_MS = Math.max(REQUEST_MS, HANDOVER_MS + LOGOUT_MS + RENEWAL_MS);
// A timer may be late, and an answer takes a moment to be read.
const SLACK_MS = 5_000;
/** A tab that holds the lock for longer is frozen or hangs. */
export const LONGEST_HOLD_MS = LONGEST_WORK_MS + SLACK_MS;
