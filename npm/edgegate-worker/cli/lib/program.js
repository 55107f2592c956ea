// What all subcommands of `edgegate` have in common: `--json`, `--help`, and how errors are
// printed.
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { Advice } from "./advice.js";
import { chosenEnvironment } from "./config.js";
import { projectOf } from "./project.js";
import { guard } from "./run.js";

/**
 * A function that adds a subcommand to the program, by calling `subcommand`.
 *
 * @typedef {(program: Command) => void} Register
 */

/**
 * Runs the subcommand that the arguments name. Sets the exit code of this process.
 *
 * @param {Register[]} subcommands
 * @param {string[]} argv
 */
export async function run(subcommands, argv) {
  const isForProgram = argv.includes("--json");
  try {
    await programOf(subcommands).parseAsync(argv);
  } catch (error) {
    const isUsage = error instanceof CommanderError;
    if (!isUsage && !(error instanceof Advice)) throw error;
    process.exitCode = isUsage ? error.exitCode : 1;
    // commander also throws an error for `--help` and `--version`. In these cases, it has already
    // printed the text that the user asked for.
    const isTold = isUsage && (error.exitCode === 0 || error.code === "commander.help");
    if (!isTold) tellError(error.message.replace(/^error: /, ""), isForProgram);
  }
}

/**
 * The program with these subcommands.
 *
 * @param {Register[]} subcommands
 * @param {(environment: string) => Promise<unknown>} [requireEnvironment] throws if the environment
 *   does not exist
 */
export function programOf(subcommands, requireEnvironment = requireConfigured) {
  const program = new Command("edgegate")
    .description("Runs and operates an edgegate service on Cloudflare Workers.")
    .version(version(), "--version")
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: true })
    // commander itself prints no errors, because `run` prints them.
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .hook("preAction", async (_, command) => {
      const environment = environmentOf(command);
      if (environment) await requireEnvironment(environment);
    });
  for (const register of subcommands) register(program);
  for (const command of leavesOf(program)) argumentsFirst(command);
  return program;
}

/**
 * @param {Command} command
 * @returns {Command[]}
 */
const leavesOf = (command) =>
  command.commands.length > 0 ? command.commands.flatMap(leavesOf) : [command];

/**
 * An option with several values takes every word up to the next option, even a word that was meant
 * as an argument of the command. So the usage text of such a command shows the arguments first. If
 * an argument is missing because an option has taken it, the error says so.
 *
 * @param {Command} command
 */
function argumentsFirst(command) {
  const greedy = command.options.filter(({ variadic }) => variadic);
  const names = command.registeredArguments.map((argument) => `<${argument.name()}>`);
  if (greedy.length === 0 || names.length === 0) return;
  command.usage(`${names.join(" ")} [options]`);
  command.exitOverride((error) => {
    const taker = greedy.find((option) => command.getOptionValue(option.attributeName()));
    if (error.code === "commander.missingArgument" && taker)
      error.message += `: ${taker.long} takes every word after it, up to the next option, so write the argument before the options`;
    throw error;
  });
}

/** The subcommands whose effect does not depend on the environment. */
const forAllEnvironments = new WeakSet();

/**
 * The environment for which a subcommand is about to run.
 *
 * @param {Command} command
 */
function environmentOf(command) {
  const { env } = command.opts();
  const isForOne = command.options.some(({ long }) => long === "--env");
  return isForOne && !forAllEnvironments.has(command) ? chosenEnvironment(env) : env;
}

/**
 * Throws if the configuration does not have this environment. Called before every subcommand for
 * which an environment was chosen, so that no subcommand can forget the check.
 *
 * @param {string} environment
 */
async function requireConfigured(environment) {
  guard();
  await projectOf().config(environment);
}

/**
 * Makes a subcommand with the option `--json`. It rejects unknown options and arguments.
 *
 * @param {Command} program
 * @param {string} name
 * @param {string} description
 */
export const subcommand = (program, name, description) =>
  program
    .command(name)
    .description(description)
    .option("--json", "print the result as JSON, for programs")
    .exitOverride();

const ENVIRONMENT = "an environment of the configuration, such as staging";

/**
 * Makes a subcommand that works only on the deployed service. It also accepts `--remote`, which has
 * no effect here, because people are used to adding it to other subcommands.
 *
 * @param {Command} program
 * @param {string} name
 * @param {string} description
 */
export const deployedCommand = (program, name, description) =>
  subcommand(program, name, description)
    .option("--env <name>", ENVIRONMENT)
    .option("--remote", "the deployed service, as without this option");

/**
 * Makes a subcommand that works only on this machine.
 *
 * @param {Command} program
 * @param {string} name
 * @param {string} description
 * @param {{ isForAll?: boolean }} [options] `isForAll`: its effect is the same for each
 *   environment
 */
export function localCommand(program, name, description, { isForAll = false } = {}) {
  const command = subcommand(program, name, description)
    .option("--env <name>", isForAll ? `${ENVIRONMENT}: it does the same for each` : ENVIRONMENT)
    .option("--remote", "is rejected: this command works on this machine only")
    .on("option:remote", () => {
      const group = program.parent ? `${program.name()} ` : "";
      throw new Advice(
        `\`edgegate ${group}${name}\` works on this machine only: leave out --remote.`,
      );
    });
  if (isForAll) forAllEnvironments.add(command);
  return command;
}

/**
 * Prints a result: as JSON for programs, as text for people.
 *
 * @param {{ json?: boolean }} options
 * @param {unknown} value
 * @param {string} text
 */
export const tell = ({ json }, value, text) => console.log(json ? JSON.stringify(value) : text);

/**
 * @param {string} message
 * @param {boolean} json
 */
const tellError = (message, json) =>
  console.error(json ? JSON.stringify({ error: message }) : `\nedgegate: ${message}`);

function version() {
  const path = new URL("../../package.json", import.meta.url);
  return JSON.parse(readFileSync(path, "utf8")).version;
}
