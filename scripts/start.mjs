// `npm start`: sets up and builds everything that is needed, then runs the Worker at
// http://127.0.0.1:8787 until Ctrl-C.
import {
  banner,
  debuggerPort,
  develop,
  HOST,
  refuseFaults,
  refuseTakenPort,
  withoutGiven,
} from "../npm/edgegate-worker/cli/lib/develop.js";
import { watchEdits } from "../npm/edgegate-worker/cli/lib/watch.js";
import { helpIfAsked, main } from "./project/advice.mjs";
import { devArguments } from "./project/dev-arguments.mjs";
import { completeDevVars, devVarsPath } from "./project/dev-vars.mjs";
import { hold } from "./project/local-data.mjs";
import { migrate } from "./project/migrations.mjs";
import { inRoot } from "./project/root.mjs";
import { guard, run, start } from "./project/run.mjs";
import { node, toolEnv, wrangler } from "./project/tools.mjs";
import { checkerIsCurrent } from "./settings/check.mjs";
import { localSettings } from "./settings/local.mjs";
import { setUp } from "./setup/index.mjs";

const USAGE = `Use it as \`npm start\`, or \`npm start -- <options>\`:
  --port <number>        the port (or PORT=8788 npm start); 8787 by default
  --env <name>           an environment of wrangler.toml, such as staging
  --var NAME:value       a setting for this run
  --persist-to <folder>  where accounts and sessions are stored; .wrangler/state by default
Every other option goes to \`wrangler dev\`: \`npx wrangler dev --help\` lists them.`;

await main(async () => {
  const given = process.argv.slice(2);
  helpIfAsked(USAGE, given);
  guard();
  const wanted = devArguments(given);
  const { port, state, environment } = wanted;
  // The origin as browsers write it. They leave out the port if it is 80.
  const { origin, host } = new URL(`http://${HOST}:${port}`);
  await refuseTakenPort(port, (other) => `PORT=${other} npm start`);

  await setUp();
  if (wanted.envFiles.length === 0) completeDevVars(devVarsPath(environment));
  const settings = await localSettings(wanted, origin);
  const edits = watchEdits(settings.files);
  const isJudged = checkerIsCurrent();
  if (isJudged) await refuseFaults(settings);
  // wrangler itself would also start a build. But if that build failed, wrangler would keep running
  // without a Worker, so the build is done here.
  const built = await run(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() });
  if (built.code !== 0) return built.code;
  if (!isJudged) await refuseFaults(settings);
  hold(state);
  await migrate(state, environment);

  const options = [
    "--ip",
    HOST,
    "--port",
    `${port}`,
    // Without this option, and with `routes` in wrangler.toml, the Worker would see the host name
    // of the first route in each local request.
    "--host",
    host,
    "--show-interactive-dev-session=false",
    "--log-level",
    "log",
    ...debuggerPort(settings.config),
  ];
  // If ISSUER is not set for local development, it is set to the local origin here. An option --var
  // overrides .dev.vars, and .dev.vars overrides wrangler.toml.
  const issuer = settings.setsIssuer ? [] : ["--var", `ISSUER:${origin}`];
  const target = environment === undefined ? ["--env="] : [];
  const dev = () =>
    start(...wrangler("dev", ...withoutGiven(options, given), ...target, ...issuer, ...given));

  return develop({
    origin,
    settings,
    settingsOf: () => localSettings(wanted, origin),
    edits,
    start: dev,
    onReady: () => console.log(banner(origin)),
  });
});
