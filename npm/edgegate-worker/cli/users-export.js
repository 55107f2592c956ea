// `edgegate users export`: writes all accounts as JSON lines, in the format that the command
// `edgegate users import` reads.
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { Advice } from "./lib/advice.js";
import { requireStatus } from "./lib/operator.js";
import { serviceCommand, withService } from "./lib/service.js";

/**
 * @typedef {import("./lib/service.js").ServiceOptions & { passwordHashes?: boolean,
 *   output?: string }} Options
 */

/** @type {import("./lib/program.js").Register} */
export const exportCommand = (program) =>
  void serviceCommand(program, "export", "Writes all accounts as JSON lines.")
    .option("--password-hashes", 'with the password hashes; needs EXPORT_HASHES = "on"')
    .option("--output <file>", "a new file, which only you can read; standard output by default")
    .action(runExport);

/** @param {Options} options */
async function runExport(options) {
  const { output } = options;
  let count = 0;
  await withService(options, { scope: "users" }, async (ask) => {
    // The first page is requested before the file is created, so a rejected request leaves no file.
    const first = await pageOf(ask, options);
    const to = output === undefined ? process.stdout : await newFile(output);
    count = await writePages(to, async (cursor) =>
      cursor === undefined ? first : pageOf(ask, options, cursor),
    );
    if (output !== undefined) {
      to.end();
      await finished(to).catch((error) => refuseBroken(error));
    }
  });
  const text = `${count} ${count === 1 ? "account" : "accounts"} exported${output === undefined ? "" : ` to ${output}`}.`;
  const json = JSON.stringify({ exported: count });
  // Without `--output`, the accounts are on standard output, so the summary goes to standard error.
  if (options.json && output !== undefined) console.log(json);
  else console.error(options.json ? json : text);
}

/**
 * Writes all pages. Returns how many lines they have. Throws if a page can't be written. If the
 * program that reads the output has ended, such as in `| head`, this is not an error.
 *
 * @param {import("node:stream").Writable} to
 * @param {(cursor?: string) => Promise<string>} pageAfter returns the lines of the next accounts
 *   after the account with this id, or of the first accounts if there is no id. Returns an empty
 *   text if no account is left
 */
export async function writePages(to, pageAfter) {
  let count = 0;
  // Without this handler, an error between two writes would end the process.
  to.on("error", () => {});
  for (let page = await pageAfter(); page !== ""; ) {
    if (!to.write(page) && !to.errored) await once(to, "drain").catch(() => {});
    if (to.errored) break;
    const lines = page.trimEnd().split("\n");
    count += lines.length;
    page = await pageAfter(JSON.parse(lines[lines.length - 1]).id);
  }
  if (to.errored) refuseBroken(to.errored);
  return count;
}

/** @param {NodeJS.ErrnoException} error */
function refuseBroken({ code, message }) {
  if (code !== "EPIPE")
    throw new Advice(`the export can't be written: ${message}. What was written is incomplete.`);
}

/**
 * Requests the lines after the account with the id `cursor`; without a cursor, the first lines.
 *
 * @param {import("./lib/service.js").Ask} ask
 * @param {Options} options
 * @param {string} [cursor]
 */
async function pageOf(ask, { passwordHashes }, cursor) {
  const query = new URLSearchParams({
    ...(passwordHashes && { password_hashes: "true" }),
    ...(cursor && { cursor }),
  });
  const answer = await ask("GET", `/auth/users/export?${query}`);
  if (answer.status === 403 && passwordHashes)
    throw new Advice(
      'the service does not export password hashes: set EXPORT_HASHES to "on", deploy, and take it out afterwards.',
    );
  requireStatus(answer, [200], "the export");
  return answer.text ?? "";
}

/** @param {string} path */
async function newFile(path) {
  const stream = createWriteStream(path, { flags: "wx", mode: 0o600 });
  try {
    await once(stream, "open");
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new Advice(
      code === "EEXIST" ? `${path} exists already: name a new file.` : `${path}: ${message}`,
    );
  }
  return stream;
}
