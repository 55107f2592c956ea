// `edgegate users import`: imports the accounts of another system.
import { createReadStream, statSync } from "node:fs";
import { setTimeout as sleepFor } from "node:timers/promises";
import { Advice } from "./lib/advice.js";
import { formProblem, linesOf, MAX, sendLines } from "./lib/import-lines.js";
import { Lost } from "./lib/operator.js";
import { tell } from "./lib/program.js";
import { serviceCommand, withService } from "./lib/service.js";

/** The progress is reported at each line whose number is a multiple of this. */
const PROGRESS_LINES = 500;

/**
 * For these error codes, the text that is printed instead of the member `detail` of the service's
 * answer. That member names parameters of the service's API, which a person at the command line
 * does not use.
 *
 * @type {Record<string, string>}
 */
const DETAILS = {
  administrator:
    "the account would be an administrator: repeat the import with --allow-admin if it must be",
};

/**
 * @typedef {import("./lib/service.js").ServiceOptions & { dryRun?: boolean, allowAdmin?: boolean }}
 *   Options
 */

/** @type {import("./lib/program.js").Register} */
export const importCommand = (program) =>
  void serviceCommand(program, "import", "Imports accounts from a file of JSON lines.", {
    changes: true,
  })
    .argument("<file>", "one JSON object per line, each with an `email`")
    .option("--dry-run", "judges each line and changes nothing")
    .option("--allow-admin", "lines may make administrators; without it they are refused")
    .action(runImport);

/**
 * @param {string} file
 * @param {Options} options
 */
async function runImport(file, options) {
  const { dryRun = false, allowAdmin = false, json } = options;
  const size = await checkFile(file);
  const admins = allowAdmin ? " Its lines may make administrators." : "";
  const change = dryRun ? undefined : `Import the accounts of ${file}.${admins}`;
  const counts = { imported: 0, already_there: 0, refused: 0 };
  const progress = progressOf(size);
  const query = new URLSearchParams({ dry_run: `${dryRun}`, allow_admin: `${allowAdmin}` });

  await withService(options, { scope: "users", change }, async (ask) => {
    const stream = createReadStream(file);
    await sendLines(linesOf(stream), {
      send: (body) => sendOnce(ask, `/auth/users/import?${query}`, body),
      sleep: (seconds) => sleepFor(seconds * 1000),
      report: (outcome) => {
        const { line, status, code } = outcome;
        const detail = DETAILS[code ?? ""] ?? outcome.detail;
        counts[/** @type {keyof typeof counts} */ (status)] += 1;
        if (status === "refused") {
          progress.clear();
          console.error(
            json ? JSON.stringify({ line, code, detail }) : `${file}:${line}: ${code}: ${detail}`,
          );
        }
        progress.show(line, stream.bytesRead);
      },
    });
  });
  progress.clear();
  const { imported, already_there, refused } = counts;
  if (refused > 0) process.exitCode = 1;
  tell(
    options,
    { dry_run: dryRun, ...counts },
    `${dryRun ? "A dry run: nothing was changed. " : ""}${imported} ${dryRun ? "to import" : "imported"}, ${already_there} already there and unchanged, ${refused} refused.`,
  );
}

/**
 * Sends one batch. If the answer was lost, returns the status 503, so that the batch is sent again.
 *
 * @param {import("./lib/service.js").Ask} ask
 * @param {string} path
 * @param {Buffer} body
 */
async function sendOnce(ask, path, body) {
  try {
    return await ask("POST", path, body);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    return { status: 503, body: { detail: error.message }, text: "" };
  }
}

/**
 * Returns the size of the file. Throws, before anything is sent, if the file can't consist of JSON
 * lines.
 *
 * @param {string} file
 */
async function checkFile(file) {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) throw new Advice(`there is no file ${file}.`);
  if (!stats.isFile())
    throw new Advice(
      `${file} is not a plain file, and an import reads its beginning twice: save the lines in one.`,
    );
  /** @type {import("./lib/import-lines.js").Line | undefined} */
  let first;
  // Reads only as many bytes as one line may have. If the first line is longer, its beginning is
  // enough for this check.
  for await (const line of linesOf(createReadStream(file, { end: MAX.line - 1 }))) {
    first = line;
    break;
  }
  const problem = formProblem(first);
  if (problem) throw new Advice(`${file} can't be imported: ${problem}. Nothing was sent.`);
  return stats.size;
}

/**
 * Shows the progress on a terminal.
 *
 * @param {number} size of the file
 */
function progressOf(size) {
  const { stderr } = process;
  const clear = () => void (stderr.isTTY && stderr.write("\r\u001b[K"));
  return {
    clear,
    show(/** @type {number} */ line, /** @type {number} */ read) {
      if (!stderr.isTTY || line % PROGRESS_LINES !== 0) return;
      stderr.write(`\r\u001b[K▸ line ${line}, ${Math.floor((100 * read) / size)} %`);
    },
  };
}
