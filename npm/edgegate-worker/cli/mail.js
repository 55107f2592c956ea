// `edgegate mail`: mails that could not be sent.
import { Advice } from "./lib/advice.js";
import { requireStatus } from "./lib/operator.js";
import { tell } from "./lib/program.js";
import { serviceCommand, timeOf, withService } from "./lib/service.js";

const PAGE = 200;

/** @typedef {import("./lib/service.js").ServiceOptions} Options */

/**
 * A mail that could not be sent, as the service shows it.
 *
 * @typedef {{ id: string, mail: string | null, reason: string, tries: number, failed_at: number,
 *   retry_at: number | null, request_id: string | null, address: string | null }} Mail
 */

/** @type {import("./lib/program.js").Register} */
export const mail = (program) => {
  const command = program
    .command("mail")
    .description("Mails that could not be sent: shows them, sends them again or deletes them.");
  serviceCommand(command, "list", "Shows the mails, without their addresses.").action(list);
  serviceCommand(command, "retry", "Sends mails again, within five minutes.", { changes: true })
    .argument("<ids...>", "ids from `mail list`, or `all`")
    .action(retry);
  serviceCommand(command, "drop", "Deletes mails, which are then not sent.", { changes: true })
    .argument("<ids...>", "ids from `mail list`")
    .action(drop);
};

/** @param {Options} options */
async function list(options) {
  const mails = await withService(options, { scope: "mail" }, (ask) => mailsOf(ask));
  const text = mails.length === 0 ? "No failed mails." : mails.map(lineOf).join("\n");
  tell(options, { mails }, text);
}

/**
 * All mails that could not be sent. With `user`, only the mails to or about that user.
 *
 * @param {import("./lib/service.js").Ask} ask with the scope `mail`
 * @param {string} [user] an id
 * @returns {Promise<Mail[]>}
 */
export async function mailsOf(ask, user) {
  const all = [];
  for (let cursor = ""; ; ) {
    const query = new URLSearchParams({
      limit: `${PAGE}`,
      ...(user && { user }),
      ...(cursor && { cursor }),
    });
    const answer = await ask("GET", `/auth/operator/mail?${query}`);
    requireStatus(answer, [200], "the mails");
    all.push(...answer.body.mails);
    if (answer.body.cursor === null) return all;
    cursor = answer.body.cursor;
  }
}

/**
 * @param {string[]} ids
 * @param {Options} options
 */
async function retry(ids, options) {
  const isAll = ids.length === 1 && ids[0] === "all";
  const change = isAll ? "Send all failed mails again." : `Send ${counted(ids.length)} again.`;
  const count = await changed(options, change, ids, (ask, some) =>
    ask("POST", "/auth/operator/mail/retry", isAll ? { all: true } : { ids: some }),
  );
  tell(
    options,
    { mails: count },
    `${counted(count)} will be sent again by the next run of the cron, within five minutes.`,
  );
}

/**
 * @param {string[]} ids
 * @param {Options} options
 */
async function drop(ids, options) {
  if (ids.includes("all"))
    throw new Advice(
      "`mail drop` takes ids, so that nobody deletes all mails by mistake: `edgegate mail list` shows them.",
    );
  const count = await changed(options, `Delete ${counted(ids.length)}.`, ids, (ask, some) =>
    ask("POST", "/auth/operator/mail/drop", { ids: some }),
  );
  tell(options, { mails: count }, `${counted(count)} will not be sent.`);
}

/**
 * Calls `send` with the ids of the mails, in batches. Returns how many mails the service changed.
 *
 * @param {Options} options
 * @param {string} change
 * @param {string[]} ids
 * @param {(ask: import("./lib/service.js").Ask, ids: string[]) =>
 *   Promise<import("./lib/operator.js").Answer>} send
 */
const changed = (options, change, ids, send) =>
  withService(options, { scope: "mail", change }, async (ask) => {
    let count = 0;
    for (let from = 0; from < ids.length; from += PAGE) {
      const answer = await send(ask, ids.slice(from, from + PAGE));
      requireStatus(answer, [200], "the mails");
      count += answer.body.mails;
    }
    if (count === 0 && !ids.includes("all"))
      throw new Advice(
        `${ids.length === 1 ? `no kept mail has the id ${ids[0]}` : "no kept mail has one of these ids"}: \`edgegate mail list\` shows all.`,
      );
    return count;
  });

/** @param {number} count */
const counted = (count) => `${count} ${count === 1 ? "mail" : "mails"}`;

/** @param {Mail} mail */
export function lineOf({
  id,
  mail: kind,
  tries,
  failed_at,
  retry_at,
  request_id,
  address,
  reason,
}) {
  const facts = [
    kind ?? "of another version",
    tries === 0
      ? `not tried yet, kept since ${timeOf(failed_at)}`
      : `tried ${tries === 1 ? "once" : `${tries} times`}, last ${timeOf(failed_at)}`,
    next(retry_at),
    request_id && `request ${request_id}`,
    address && `address ${address}`,
  ];
  return `${id}  ${facts.filter(Boolean).join(", ")}\n  ${reason}`;
}

/** @param {number | null} retryAt 0: at the next run of the cron job */
function next(retryAt) {
  if (retryAt === null) return "sent again only when you ask";
  return retryAt === 0
    ? "sent again by the next run of the cron"
    : `next attempt ${timeOf(retryAt)}`;
}
