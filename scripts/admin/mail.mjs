// Mails that could not be sent: shows them, and has them sent again by the next run of the cron.
import { Advice } from "../project/advice.mjs";
import { sql } from "./database.mjs";

// The lines of a job: format, id, time of the request, language and request; since format 2 the
// attempts, the pool and whether it has paid; then the kind of mail, and for most kinds an address.
/** @param {string[]} lines */
const nameLine = (lines) => (lines[0] === "1" ? 4 : 7);

/**
 * `mail list`. `pseudonymOf` gives the pseudonym of an address, or nothing without TICKET_SECRET.
 *
 * @param {string[]} place
 * @param {(address: string) => string | undefined} [pseudonymOf]
 */
export async function listMail(place, pseudonymOf = () => undefined) {
  const letters = await sql(
    "SELECT id, job, reason, tries, failed_at, retry_at FROM dead_letters ORDER BY failed_at",
    place,
  );
  if (letters.length === 0) return console.log("No failed mails.");
  for (const letter of letters) console.log(describe(letter, pseudonymOf));
}

/**
 * @typedef {object} Letter
 * @property {string} id
 * @property {string} job
 * @property {string} reason
 * @property {number} tries
 * @property {number} failed_at
 * @property {number | null} retry_at
 */

/**
 * A kept mail in two lines, without its address.
 *
 * @param {Letter} letter
 * @param {(address: string) => string | undefined} pseudonymOf
 */
export function describe({ id, job, reason, tries, failed_at, retry_at }, pseudonymOf) {
  const lines = job.split("\n");
  const name = nameLine(lines);
  const address = lines.slice(name + 1).find((line) => line.includes("@"));
  const facts = [
    lines[name] ?? "not a mail",
    attempts(tries, failed_at),
    next(retry_at),
    ids("request", requestOf(lines[3])),
    ids("address", address && pseudonymOf(address)),
  ];
  return `${id}  ${facts.filter(Boolean).join(", ")}\n  ${reason}`;
}

/**
 * @param {number} tries
 * @param {number} failedAt
 */
function attempts(tries, failedAt) {
  if (tries === 0) return `not tried yet, kept since ${time(failedAt)}`;
  return `tried ${tries === 1 ? "once" : `${tries} times`}, last ${time(failedAt)}`;
}

/**
 * `mail retry` writes 0, which means the next run of the cron.
 *
 * @param {number | null} retryAt
 */
function next(retryAt) {
  if (retryAt === null) return "sent again only when you ask";
  return retryAt === 0 ? "sent again by the next run of the cron" : `next attempt ${time(retryAt)}`;
}

/**
 * @param {string} name
 * @param {string | undefined} id
 */
const ids = (name, id) => id && `${name} ${id}`;

/**
 * The id of the request, as src/domain/request_id.rs writes it after the language.
 *
 * @param {string} [language] such as `en-x-6f1a7c52-3b0e4d59-9a0c5d2f-1e8b7a34`
 */
function requestOf(language = "") {
  const [, subtags] = /^[a-z]+-x((?:-[0-9a-f]{8}){4})$/.exec(language) ?? [];
  return subtags
    ?.replaceAll("-", "")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
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
