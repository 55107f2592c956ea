// `npm start`: everything that is needed, then the Worker at http://127.0.0.1:8787 until Ctrl-C.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Advice, helpIfAsked, main } from "./project/advice.mjs";
import { devArguments } from "./project/dev-arguments.mjs";
import { completeDevVars, devVarsPath } from "./project/dev-vars.mjs";
import { hold } from "./project/local-data.mjs";
import { migrate } from "./project/migrations.mjs";
import { inRoot } from "./project/root.mjs";
import { guard, run, start } from "./project/run.mjs";
import { node, toolEnv, wrangler } from "./project/tools.mjs";
import { checkerIsCurrent, heading, told } from "./settings/check.mjs";
import { localSettings } from "./settings/local.mjs";
import { watchEdits } from "./settings/watch.mjs";
import { setUp } from "./setup/index.mjs";

const HOST = "127.0.0.1";
const READY_SECONDS = 60;
const CRON_SECONDS = 60;

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
  // As browsers write it: without port 80.
  const { origin, host } = new URL(`http://${HOST}:${port}`);
  await refuseTakenPort(port);

  await setUp();
  if (wanted.envFiles.length === 0) completeDevVars(devVarsPath(environment));
  const settings = await localSettings(wanted, origin);
  const edits = watchEdits(settings.files);
  const isJudged = checkerIsCurrent();
  if (isJudged) await refuseFaults(settings);
  // wrangler would build too, but continues without a Worker when that fails.
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
    // With `routes` in wrangler.toml, wrangler would ask the Worker under the first route's host.
    "--host",
    host,
    "--show-interactive-dev-session=false",
    "--log-level",
    "log",
  ];
  // ISSUER follows the port unless it is set explicitly. A flag overrides .dev.vars, which
  // overrides wrangler.toml.
  const issuer = settings.setsIssuer ? [] : ["--var", `ISSUER:${origin}`];
  const target = environment === undefined ? ["--env="] : [];
  const dev = () =>
    start(...wrangler("dev", ...withoutGiven(options, given), ...target, ...issuer, ...given));

  for (let isFirst = true; ; isFirst = false) {
    const worker = dev();
    const ended = worker.done.then(({ code }) => {
      throw new Advice(`wrangler ended by itself (exit code ${code}), see above.`);
    });
    // Nobody waits for it once the Worker is stopped.
    ended.catch(() => {});
    let cron;
    // What waits for the Worker must not outlive it: it would keep this process running.
    const over = new AbortController();
    try {
      await Promise.race([healthy(origin, over.signal), ended]);
      console.log(isFirst ? banner(origin) : `▸ edgegate is ready again at ${origin}`);
      if (settings.config.triggers?.crons?.length) cron = runCron(origin);
      await Promise.race([goodEdit(wanted, origin, edits, over.signal), ended]);
    } finally {
      over.abort();
      clearInterval(cron);
      await worker.stop();
    }
  }
});

/** @param {Awaited<ReturnType<typeof localSettings>>} settings */
async function refuseFaults({ faults, context }) {
  const found = await faults();
  if (found.length > 0)
    throw new Advice(`${heading(found)} Nothing was started.\n\n${told(found, context)}`);
}

/** @param {number} port */
async function refuseTakenPort(port) {
  const taken = await new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
  if (taken)
    throw new Advice(
      `port ${port} is taken: choose another, as in \`PORT=${port + 1} npm start\`.`,
    );
}

/**
 * @param {string} origin
 * @param {AbortSignal} signal
 */
async function healthy(origin, signal) {
  let last = "no answer";
  for (
    const begun = performance.now();
    performance.now() - begun < READY_SECONDS * 1000;
    await sleep(100, null, { signal })
  ) {
    const answer = await health(origin, signal).catch(
      ({ cause, message }) => cause?.message ?? message,
    );
    if (answer.status === 200) return;
    // Waiting does not help here.
    if (answer.text?.includes('"misconfigured"')) {
      throw new Advice(
        "the Worker is misconfigured: its log line above names the setting and how to set it right.",
      );
    }
    last = answer.text === undefined ? answer : `${answer.status} ${answer.text.slice(0, 500)}`;
  }
  throw new Advice(
    `the Worker was not healthy within ${READY_SECONDS} s; GET ${origin}/healthz answered: ${last}`,
  );
}

/**
 * @param {string} origin
 * @param {AbortSignal} signal
 */
async function health(origin, signal) {
  const either = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
  const answer = await fetch(`${origin}/healthz`, { signal: either });
  return { status: answer.status, text: await answer.text() };
}

/**
 * Resolves when .dev.vars was edited and its settings are good: wrangler reads it only when it
 * starts. wrangler follows edits of wrangler.toml itself, so those are only judged.
 *
 * @param {ReturnType<typeof devArguments>} wanted
 * @param {string} origin
 * @param {ReturnType<typeof watchEdits>} edits
 * @param {AbortSignal} signal
 */
async function goodEdit(wanted, origin, edits, signal) {
  for (;;) {
    const edited = await edits.next(signal);
    const problem = await problemOf(wanted, origin);
    if (problem) {
      console.log(
        `\nedgegate: ${problem}\n\n  Correct it: this file is read again when you save it.`,
      );
    } else if (!edited.endsWith(".toml")) {
      console.log("\n▸ Settings: .dev.vars was edited, so the Worker starts again");
      return;
    }
  }
}

/**
 * @param {ReturnType<typeof devArguments>} wanted
 * @param {string} origin
 */
async function problemOf(wanted, origin) {
  try {
    const { faults, context } = await localSettings(wanted, origin);
    const found = await faults();
    return found.length > 0 ? `${heading(found)}\n\n${told(found, context)}` : null;
  } catch (error) {
    if (error instanceof Advice) return error.message;
    throw error;
  }
}

/**
 * Runs the cron now and each minute, as Cloudflare would: local development has no clock for it.
 *
 * @param {string} origin
 */
function runCron(origin) {
  let failed = false;
  const once = async () => {
    try {
      const { status } = await fetch(`${origin}/cdn-cgi/local/scheduled`);
      if (status !== 200) throw new Error(`status ${status}`);
      failed = false;
    } catch (error) {
      // While the Worker is rebuilt it may not answer. The next run does the work.
      if (failed)
        console.log(`▸ Cron: two runs in a row failed: ${/** @type {Error} */ (error).message}`);
      failed = true;
    }
  };
  void once();
  return setInterval(once, CRON_SECONDS * 1000);
}

/** @param {string} origin */
function banner(origin) {
  return `
  edgegate is ready at ${origin}

  Demo accounts, password "correct horse battery staple":
    ada@example.com    role user
    root@example.com   roles user and admin

  Forgot the password? ${origin}/forgot-password, and its mail: ${origin}/outbox

  Try it:
    curl -s ${origin}/auth/login -H 'content-type: application/json' \\
      -d '{"email":"ada@example.com","password":"correct horse battery staple"}'

  The contract: ${origin}/openapi.yaml      Stop: Ctrl-C
`;
}

/**
 * Our defaults, without those that were given: wrangler refuses an option that comes twice.
 *
 * @param {string[]} options
 * @param {string[]} given
 */
function withoutGiven(options, given) {
  const kept = [];
  for (let i = 0; i < options.length; i++) {
    const pair = !options[i].includes("=");
    const name = options[i].split("=")[0];
    const entry = pair ? [options[i], options[++i]] : [options[i]];
    if (!given.some((arg) => arg === name || arg.startsWith(`${name}=`))) kept.push(...entry);
  }
  return kept;
}
