// `edgegate upgrade`: adds to wrangler.jsonc what a new version of edgegate needs, and keeps the rest
// of the file as it is, with its comments.
import { readFileSync } from "node:fs";
import { Advice } from "./lib/advice.js";
import { changesOf, edited } from "./lib/config-changes.js";
import { read, replaceFile } from "./lib/config-edit.js";
import { requireConfirmation } from "./lib/confirm.js";
import { DEFAULTS } from "./lib/package.js";
import { localCommand, tell } from "./lib/program.js";
import { projectOf } from "./lib/project.js";
import { listed } from "./lib/required.js";
import { guard } from "./lib/run.js";

/** @typedef {import("./lib/config-changes.js").Change} Change */

/** @type {import("./lib/program.js").Register} */
export const upgrade = (program) =>
  void localCommand(
    program,
    "upgrade",
    "Shows what this version needs in wrangler.jsonc, and adds it. Deploy afterwards.",
    { isForAll: true },
  )
    .option("--optional", "also what the Worker runs without, such as queues and rate limits")
    .option("--dry-run", "only shows it")
    .option("--yes", "does not ask; needed where there is no terminal")
    .action(runUpgrade);

/** @param {{ json?: boolean, optional?: boolean, dryRun?: boolean, yes?: boolean }} options */
async function runUpgrade(options) {
  guard();
  const project = projectOf();
  // Throws if wrangler finds a fault in the file.
  await project.config();
  if (project.path.endsWith(".toml"))
    throw new Advice(
      `${project.name} can't be edited by this command. \`npx edgegate doctor\` names what it lacks, and ${DEFAULTS} has all of it.`,
    );
  const text = readFileSync(project.path, "utf8");
  const all = changesOf(read(text));
  const changes = all.filter(({ optional }) => options.optional || !optional);
  const left = all.filter((change) => !changes.includes(change));
  const say = options.json ? console.error : console.log;
  if (changes.length > 0) say(`▸ ${project.name} lacks:\n\n${listed(changes.map(withPlace))}\n`);
  if (left.length > 0)
    say(`▸ Not needed, and added by --optional:\n\n${listed(left.map(withPlace))}\n`);
  const isChanged = changes.length > 0 && !options.dryRun;
  if (isChanged) {
    await requireConfirmation(`Add this to ${project.name}?`, { yes: options.yes });
    replaceFile(project.path, edited(text, changes));
  }
  tell(
    options,
    { changed: isChanged, added: isChanged ? changes.map(({ what }) => what) : [] },
    toldEnd(project.name, changes, isChanged),
  );
}

/**
 * @param {string} file
 * @param {Change[]} changes
 * @param {boolean} isChanged
 */
function toldEnd(file, changes, isChanged) {
  if (changes.length === 0) return `▸ ${file} has all that this version needs.`;
  if (!isChanged) return "▸ Nothing was changed.";
  const classes = changes.flatMap(({ list, value }) =>
    list[0] === "exports" ? Object.keys(value) : [],
  );
  const exported =
    classes.length > 0
      ? `\n  src/index.js must export ${classes.join(", ")}, as in \`export { ${classes.join(", ")} } from "edgegate-worker";\``
      : "";
  return `▸ ${file} is changed. Look at it, then run \`npm run deploy\`.${exported}`;
}

/** @param {Change} change */
const withPlace = ({ environment, what, ...rest }) => ({
  ...rest,
  what: environment ? `${what} (${environment})` : what,
});
