// `edgegate restored`: to be run after the database was restored from a backup. Each account has
// counters, and its tokens and mailed links contain their values. This command raises the counters
// of all accounts above every value that was used before the restore. So no token from before the
// restore can renew a session, no link from before the restore works, and no new token is rejected
// by mistake, except tokens of accounts that were deleted since the backup (docs/operations.md).
// Until earlier access tokens expire, programs that verify tokens themselves still accept them, and
// with `kv` so does /auth/authorized.
import { requireStatus } from "./lib/operator.js";
import { tell } from "./lib/program.js";
import { serviceCommand, withService } from "./lib/service.js";

/** @type {import("./lib/program.js").Register} */
export const restored = (program) =>
  void serviceCommand(
    program,
    "restored",
    "After a restore of the database: ends all sessions and all links from before.",
    { changes: true },
  ).action(runRestored);

/** @param {import("./lib/service.js").ServiceOptions} options */
async function runRestored(options) {
  const change = "End all sessions, and make earlier mailed links invalid.";
  const accounts = await withService(options, { scope: "restore", change }, raiseCounters);
  // The next second, which is later than all changes that this command made. The users' Durable
  // Objects have copies of the users' database rows. The service will not use a copy that is older
  // than COPIES_SINCE. So the cron job need not send older changes to the objects. It deletes its
  // list of these changes.
  const since = Math.floor(Date.now() / 1000) + 1;
  tell(
    options,
    { accounts, copies_since: since },
    `${accounts === 1 ? "1 account" : `${accounts} accounts`}: all their sessions have ended, and mailed links from before are invalid. Until access tokens from before expire, programs that verify tokens themselves accept them, and with SESSION_STORE = "kv" so does /auth/authorized. To stop these tokens at once, replace SIGNING_KEYS too.
Accounts that were deleted after the time to which you restored exist again. Look for \`account_deleted\` in the log since that time, and delete those accounts again.
Passwords, addresses and settings of apps from before that time are in force again. Look for \`password_changed\`, \`password_reset\`, \`email_changed\` and \`client_changed\` in the log since that time. Tell these owners to choose a new password, or to change their address again. Repeat \`npx edgegate clients change\`. docs/operations.md, "After a restore", lists what else to do again.
With SESSION_STORE = "durable", set COPIES_SINCE to "${since}" and deploy: what the users' objects remember from before is then not used. Leave it for at least a day.`,
  );
}

/**
 * Makes the service raise the counters of all accounts, page by page. Returns how many accounts
 * there are.
 *
 * @param {import("./lib/service.js").Ask} ask
 */
export async function raiseCounters(ask) {
  let count = 0;
  /** @type {string | null} */
  let cursor = null;
  do {
    const answer = await ask("POST", "/auth/operator/restored", cursor === null ? {} : { cursor });
    requireStatus(answer, [200], `the counters (${count} accounts are done: repeat the command)`);
    count += answer.body.accounts;
    cursor = answer.body.cursor;
  } while (cursor !== null);
  return count;
}
