// `edgegate dev`: runs the service on this machine, with a local database, until Ctrl-C.
import { resolve } from "node:path";
import { chosenEnvironment } from "./lib/config.js";
import { completeDevVars, devVarsOf } from "./lib/dev-vars.js";
import {
  banner,
  debuggerPort,
  develop,
  HOST,
  refuseFaults,
  refuseTakenPort,
  withoutGiven,
} from "./lib/develop.js";
import { localSettings } from "./lib/local.js";
import { migrateLocally } from "./lib/migrations.js";
import { CHECKER, requireBuilt } from "./lib/package.js";
import { refuseLostOptions } from "./lib/passed-on.js";
import { prepareProject } from "./lib/prepare.js";
import { localCommand, tell } from "./lib/program.js";
import { projectOf } from "./lib/project.js";
import { guard, start } from "./lib/run.js";
import { readPort, readVariable } from "./lib/variables.js";
import { watchEdits } from "./lib/watch.js";
import { wrangler } from "./lib/wrangler.js";

const DEFAULT_PORT = 8787;
const STATE = ".wrangler/state";

/**
 * @typedef {{ json?: boolean, port?: string, env?: string, var?: string[], persistTo?: string }} Options
 */

/** @type {import("./lib/program.js").Register} */
export const dev = (program) =>
  void localCommand(program, "dev", "Runs the service on this machine, with two demo accounts.")
    .option("--port <number>", `the port (or PORT=8788); ${DEFAULT_PORT} by default`)
    .option("--var <NAME:value...>", "a setting for this run")
    .option("--persist-to <folder>", `where accounts and sessions are stored; ${STATE} by default`)
    .argument("[options...]", "options of `wrangler dev`, after --")
    .action(runDev);

/**
 * @param {string[]} more options of `wrangler dev`
 * @param {Options} options
 * @param {import("commander").Command} command
 */
async function runDev(more, options, command) {
  guard();
  refuseLostOptions(more, { script: "npm start", options: command.options });
  requireBuilt();
  const project = projectOf();
  const environment = chosenEnvironment(options.env);
  const vars = new Map((options.var ?? []).map(readVariable));
  const port = readPort(
    options.port ?? (process.env.PORT || DEFAULT_PORT),
    "npm start -- --port 8788",
  );
  // The origin as browsers write it. They leave out the port if it is 80.
  const { origin, host } = new URL(`http://${HOST}:${port}`);
  await refuseTakenPort(port, (other) => `npm start -- --port ${other}`);
  const say = options.json ? console.error : console.log;
  const state = resolve(project.folder, options.persistTo ?? STATE);
  const file = devVarsOf(project, environment);

  const made = completeDevVars(file);
  if (made.length > 0) say(`▸ Secrets: made ${made.join(", ")} in .dev.vars`);
  const settingsOf = () =>
    localSettings({
      read: () => project.config(environment, { envFiles: [file] }),
      path: project.path,
      shownPath: project.name,
      files: [file],
      environment,
      vars,
      issuer: origin,
      checker: CHECKER,
    });
  const settings = await settingsOf();
  await refuseFaults(settings);
  const edits = watchEdits(settings.files);
  prepareProject(project);
  await migrateLocally(project, { state, environment, say });

  const own = [
    ...["--ip", HOST, "--port", `${port}`],
    // Without this option, and with `routes` in the configuration, the Worker would see the host
    // name of the first route in each local request.
    ...["--host", host],
    ...["--persist-to", state],
    "--show-interactive-dev-session=false",
    ...["--log-level", "log"],
  ];
  await develop({
    origin,
    settings,
    settingsOf,
    edits,
    say,
    start: (current) => {
      const [command, args, run] = wrangler(
        project,
        "dev",
        ...withoutGiven([...own, ...debuggerPort(current.config)], more),
        `--env=${environment ?? ""}`,
        ...variablesFor(current, vars, origin),
        ...more,
      );
      return start(command, args, { ...run, toStderr: options.json });
    },
    onReady: () => tell(options, { url: origin }, banner(origin)),
  });
}

/**
 * The `--var` options for wrangler. If the configuration has `secrets.required`, wrangler reads
 * from .dev.vars only the variables that this list names. It silently ignores all other variables,
 * such as DEV. So this function returns options for the other variables, for the variables of this
 * command's own `--var`, and for ISSUER, if it is not set.
 *
 * @param {import("./lib/local.js").LocalSettings} settings
 * @param {Map<string, string>} vars
 * @param {string} origin
 */
function variablesFor({ config, setsIssuer }, vars, origin) {
  const required = new Set(config.secrets?.required);
  const local = Object.entries(config.local).filter(([name]) => !required.has(name));
  const all = {
    ...(setsIssuer ? {} : { ISSUER: origin }),
    ...Object.fromEntries([...local, ...vars]),
  };
  return Object.entries(all).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
}
