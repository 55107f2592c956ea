// Mails that could not be sent: shows them, and has them sent again by the next run of the cron.
import { Advice } from "../project/advice.mjs";
import { sql } from "./database.mjs";

// The first lines of a job: format, id, time of the request, language; since format 2 the attempts,
// the pool and whether it has paid; then which mail.
/** @param {string[]} lines */
const nameLine = (lines) => (lines[0] === "1" ? 4 : 7);

/**
 * `mail list`
 *
 * @param {string[]} place
 */
export async function listMail(place) {
  const letters = await sql(
    "SELECT id, job, reason, tries, failed_at, retry_at FROM dead_letters ORDER BY failed_at",
    place,
  );
  if (letters.length === 0) return console.log("No failed mails.");
  for (const { id, job, reason, tries, failed_at, retry_at } of letters) {
    const lines = job.split("\n");
    const mail = lines[nameLine(lines)] ?? "not a mail";
    const next =
      retry_at === null ? "sent again only when you ask" : `next attempt ${time(retry_at)}`;
    console.log(
      `${id}  ${mail}, attempts: ${tries}, last ${time(failed_at)}, ${next}\n  ${reason}`,
    );
  }
}

/**
 * `mail retry <id>` and `mail retry all`
 *
 * @param {string} which
 * @param {string[]} place
 */
export async function retryMail(which, place) {
  if (which !== "all" && !/^[A-Za-z0-9_-]{1,100}$/.test(which))
    throw new Advice(
      `"${which}" is not the id of a mail. List the ids with \`npm run admin -- mail list\`.`,
    );
  const where = which === "all" ? "" : ` WHERE id = '${which}'`;
  const called = await sql(`UPDATE dead_letters SET retry_at = 0${where} RETURNING id`, place);
  if (called.length === 0)
    throw new Advice(
      which === "all"
        ? "there are no failed mails."
        : `there is no failed mail with the id ${which}. List the ids with \`npm run admin -- mail list\`.`,
    );
  console.log(
    `${called.length} ${called.length === 1 ? "mail" : "mails"} will be sent again by the next run of the cron, within five minutes.`,
  );
}

/** @param {number} seconds */
const time = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
