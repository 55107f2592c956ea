// The options that a command passes on to wrangler. The user writes them after `--`.
import { Advice } from "./advice.js";

/**
 * npm itself has options with these names. The user can write them for npm, as in `npx --yes
 * edgegate …`. So `refuseLostOptions` does not check these options.
 */
const NPMS_OWN = ["--yes", "--json"];

/**
 * Throws if npm has taken an option that was meant for the command. From `npm run deploy --env
 * staging`, npm takes `--env` and passes only the word `staging` to the command. From `npm run
 * deploy --env=staging`, npm passes nothing to the command. Without this check, the command would
 * then deploy to production.
 *
 * @param {string[]} more
 * @param {{ script: string, options: readonly { long?: string | null }[] }} command `script`: how it
 *   is run, such as `npm run deploy`
 * @param {NodeJS.ProcessEnv} [env] npm puts the options that it takes into the environment
 */
export function refuseLostOptions(more, { script, options }, env = process.env) {
  const names = options.flatMap(({ long }) => (long && !NPMS_OWN.includes(long) ? [long] : []));
  const kept = names.find((name) => env[keptAs(name)]);
  if (kept)
    throw new Advice(
      `npm kept ${kept} for itself: write \`${script} -- ${kept}\`, with a -- in between. Nothing was changed.`,
    );
  const [first] = more;
  if (first !== undefined && !first.startsWith("-"))
    throw new Advice(
      `"${first}" is not an option. Options are written as in \`${script} -- --env staging\`, and those of wrangler after another --. Nothing was changed.`,
    );
}

/** @param {string} name */
const keptAs = (name) => `npm_config_${name.slice(2).replaceAll("-", "_")}`;

/**
 * The first option whose name is in the list. wrangler reads `--dryRun` as `--dry-run`.
 *
 * @param {string[]} more
 * @param {string[]} names such as `--env`
 */
export const firstOf = (more, names) => more.find((option) => names.includes(nameIn(option)));

/** @param {string} option */
function nameIn(option) {
  const [name] = option.split("=");
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
