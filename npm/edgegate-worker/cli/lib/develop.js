// Local development: runs `wrangler dev`, waits until the Worker is healthy, runs its cron, and
// starts it again when .dev.vars is edited.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Advice } from "./advice.js";
import { heading, told } from "./settings.js";

/** @typedef {import("./local.js").LocalSettings} LocalSettings */
/** @typedef {typeof import("./watch.js").watchEdits} watchEdits */

/** The address on which the local service listens. */
export const HOST = "127.0.0.1";
const READY_SECONDS = 60;
const CRON_SECONDS = 60;

/**
 * Runs the Worker until this process is stopped. Throws if wrangler ends by itself, or if the
 * Worker does not become healthy.
 *
 * @param {object} given
 * @param {string} given.origin where the Worker answers
 * @param {LocalSettings} given.settings the settings of the first start, which were found valid
 * @param {() => Promise<LocalSettings>} given.settingsOf reads the settings again
 * @param {ReturnType<watchEdits>} given.edits
 * @param {(settings: LocalSettings) => ReturnType<typeof import("./run.js").start>} given.start
 *   starts `wrangler dev`
 * @param {() => void} given.onReady called when the Worker answers for the first time
 * @param {(text: string) => void} [given.say] tells the person at the terminal
 * @returns {Promise<never>}
 */
export async function develop(given) {
  const { origin, settings, settingsOf, edits, start, onReady, say = console.log } = given;
  let current = settings;
  for (let isFirst = true; ; isFirst = false) {
    const worker = start(current);
    const ended = worker.done.then(({ code }) => {
      throw new Advice(`wrangler ended by itself (exit code ${code}), see above.`);
    });
    // After this function has stopped the Worker, nothing waits for this promise any more. The
    // promise must still have a handler, because an unhandled rejection would end this process.
    ended.catch(() => {});
    let cron;
    // Aborted when the Worker has ended. This ends the functions below that still wait for the
    // Worker or for an edit. Otherwise they would keep this process running.
    const over = new AbortController();
    try {
      await Promise.race([untilHealthy(origin, over.signal), ended]);
      if (isFirst) onReady();
      else say(`▸ edgegate is ready again at ${origin}`);
      if (current.config.triggers?.crons?.length) cron = runCron(origin, say);
      current = await Promise.race([goodEdit(settingsOf, edits, say, over.signal), ended]);
    } finally {
      over.abort();
      clearInterval(cron);
      await worker.stop();
    }
  }
}

/**
 * Throws when a setting is wrong.
 *
 * @param {import("./local.js").LocalSettings} settings
 */
export async function refuseFaults({ faults, context }) {
  const found = await faults();
  if (found.length > 0)
    throw new Advice(`${heading(found)} Nothing was started.\n\n${told(found, context)}`);
}

/**
 * Throws when a port is in use. `remedy` says how to use another port.
 *
 * @param {number} port
 * @param {(port: number) => string} remedy
 */
export async function refuseTakenPort(port, remedy) {
  const taken = await new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
  if (taken)
    throw new Advice(`port ${port} is taken: choose another, as in \`${remedy(port + 1)}\`.`);
}

/**
 * @param {string} origin
 * @param {AbortSignal} signal
 */
async function untilHealthy(origin, signal) {
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
    // If a setting is wrong, waiting longer does not help.
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
 * Waits for an edit of .dev.vars after which the settings are valid, and returns these settings.
 * Then the caller starts wrangler again, because wrangler reads that file only when it starts.
 * wrangler itself applies edits of its configuration, so after such an edit this function only
 * reports what is wrong.
 *
 * @param {() => Promise<LocalSettings>} settingsOf
 * @param {ReturnType<watchEdits>} edits
 * @param {(text: string) => void} say
 * @param {AbortSignal} signal
 */
async function goodEdit(settingsOf, edits, say, signal) {
  for (;;) {
    const edited = await edits.next(signal);
    const { settings, problem } = await judged(settingsOf);
    if (problem) {
      say(`\nedgegate: ${problem}\n\n  Correct it: this file is read again when you save it.`);
    } else if (settings && edited !== settings.path) {
      say("\n▸ Settings: .dev.vars was edited, so the Worker starts again");
      return settings;
    }
  }
}

/**
 * Reads and checks the settings. Returns them if they are valid, otherwise a message that says what
 * is wrong with them.
 *
 * @param {() => Promise<LocalSettings>} settingsOf
 * @returns {Promise<{ settings?: LocalSettings, problem?: string }>}
 */
async function judged(settingsOf) {
  try {
    const settings = await settingsOf();
    const found = await settings.faults();
    return found.length > 0
      ? { problem: `${heading(found)}\n\n${told(found, settings.context)}` }
      : { settings };
  } catch (error) {
    if (error instanceof Advice) return { problem: error.message };
    throw error;
  }
}

/**
 * Calls the Worker's cron handler immediately and then once a minute. The calls name no schedule,
 * so the handler does the work of all cron jobs each time. `wrangler dev` does not call the handler
 * by itself.
 *
 * @param {string} origin
 * @param {(text: string) => void} say
 */
function runCron(origin, say) {
  let failed = false;
  const once = async () => {
    try {
      const { status } = await fetch(`${origin}/cdn-cgi/local/scheduled`);
      if (status !== 200) throw new Error(`status ${status}`);
      failed = false;
    } catch (error) {
      // A single failure is not reported: a Worker that is being rebuilt sometimes gives no answer,
      // and the next run of the cron job does the work instead.
      if (failed) say(`▸ Cron: two runs in a row failed: ${/** @type {Error} */ (error).message}`);
      failed = true;
    }
  };
  void once();
  return setInterval(once, CRON_SECONDS * 1000);
}

/**
 * Returns `options` without those that are also in `given`, the options that the user has written.
 * wrangler rejects an option that occurs twice.
 *
 * @param {string[]} options
 * @param {string[]} given
 */
export function withoutGiven(options, given) {
  const kept = [];
  for (let i = 0; i < options.length; i++) {
    const pair = !options[i].includes("=");
    const name = options[i].split("=")[0];
    const entry = pair ? [options[i], options[++i]] : [options[i]];
    if (!given.some((arg) => arg === name || arg.startsWith(`${name}=`))) kept.push(...entry);
  }
  return kept;
}

/**
 * The option with which wrangler lets the system choose the port of its debugger, unless the
 * configuration names a port. wrangler would look for a free port itself, and end if another
 * program took that port a moment later.
 *
 * @param {{ dev?: { inspector_port?: number } }} config
 */
export const debuggerPort = (config) =>
  config.dev?.inspector_port === undefined ? ["--inspector-port", "0"] : [];

/**
 * The text that is shown when the service is ready.
 *
 * @param {string} origin
 */
export function banner(origin) {
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
