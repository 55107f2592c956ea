// After a restore of the database: raises all counters above every value that was handed out
// before, and puts new random numbers into all links. So no earlier token renews, no later token is
// refused, and no earlier link works.
import { sql } from "./database.mjs";

/**
 * A restored row has older counters, while the session store still says which versions are out of
 * date, up to the largest that was handed out since. Counters that follow the time are above those,
 * because between two restores no account changes a thousand times a second. `version` stays below
 * 2^53 - 1, which stands for a deleted account, and `session_epoch` stays below 2^32 until the year
 * 2106.
 */
export const LIFT = `
  UPDATE users SET version = max(version + 1, unixepoch() * 1000),
    session_epoch = max(session_epoch + 1, unixepoch()), link_nonce = lower(hex(randomblob(16))),
    updated_at = unixepoch()
  RETURNING updated_at`;

/**
 * `restored`
 *
 * @param {string[]} place
 */
export async function liftCounters(place) {
  const lifted = await sql(LIFT, place);
  // Later than these changes by the database's clock. So the cron takes them off its list, and does
  // not tell each user's object.
  const since = Math.max(Math.floor(Date.now() / 1000), (lifted[0]?.updated_at ?? 0) + 1);
  const accounts = lifted.length === 1 ? "1 account" : `${lifted.length} accounts`;
  console.log(
    `${accounts}: all their sessions have ended, and access tokens and mailed links from before are invalid.\n` +
      "Accounts that were deleted after the time to which you restored exist again. Look for `account_deleted` in the log since that time, and delete those accounts again.\n" +
      `With SESSION_STORE = "durable", set COPIES_SINCE = "${since}" in wrangler.toml and deploy: what the users' objects remember from before is then not used. Leave it for at least a day.`,
  );
}
