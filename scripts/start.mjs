// `npm start`: everything that is needed, then the Worker at http://127.0.0.1:8787 until Ctrl-C.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Advice, main } from "./project/advice.mjs";
import { devArguments } from "./project/dev-arguments.mjs";
import { completeDevVars } from "./project/dev-vars.mjs";
import { hold } from "./project/local-data.mjs";
import { migrate } from "./project/migrations.mjs";
import { inRoot } from "./project/root.mjs";
import { guard, run, start } from "./project/run.mjs";
import { node, toolEnv, wrangler } from "./project/tools.mjs";
import { setUp } from "./setup/index.mjs";

const HOST = "127.0.0.1";
const READY_SECONDS = 60;

await main(async () => {
  guard();
  const given = process.argv.slice(2);
  const { port, state, setsVar } = devArguments(given);
  // As browsers write it: without port 80.
  const { origin } = new URL(`http://${HOST}:${port}`);
  await refuseTakenPort(port);

  await setUp();
  const ownSettings = completeDevVars();
  // wrangler would build too, but goes on without a Worker when that fails.
  const built = await run(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() });
  if (built.code !== 0) return built.code;
  hold(state);
  await migrate(state);

  // ISSUER follows the port unless it is set explicitly. A flag overrides .dev.vars, which
  // overrides wrangler.toml.
  const issuer =
    setsVar("ISSUER") || ownSettings.has("ISSUER") ? [] : ["--var", `ISSUER:${origin}`];
  const options = [
    "--ip",
    HOST,
    "--port",
    `${port}`,
    "--show-interactive-dev-session=false",
    "--log-level",
    "log",
  ];
  const dev = start(...wrangler("dev", ...withoutGiven(options, given), ...issuer, ...given));
  const ended = dev.done.then(({ code }) => {
    throw new Advice(`wrangler ended by itself (exit code ${code}), see above.`);
  });

  try {
    await Promise.race([healthy(origin), ended]);
    console.log(banner(origin));
    await ended;
  } finally {
    await dev.stop();
  }
});

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

/** @param {string} origin */
async function healthy(origin) {
  let last = "no answer";
  for (
    const begun = performance.now();
    performance.now() - begun < READY_SECONDS * 1000;
    await sleep(100)
  ) {
    try {
      const answer = await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(10_000) });
      const text = await answer.text();
      if (answer.status === 200) return;
      if (text.includes('"misconfigured"')) {
        throw new Advice(
          "the Worker is misconfigured: its log line above names the setting and how to set it right.",
        );
      }
      last = `${answer.status} ${text.slice(0, 500)}`;
    } catch (error) {
      const { cause, message } = /** @type {Error} */ (error);
      last = cause instanceof Error ? cause.message : message;
    }
  }
  throw new Advice(
    `the Worker was not healthy within ${READY_SECONDS} s; GET ${origin}/healthz answered: ${last}`,
  );
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
