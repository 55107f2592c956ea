// Starts one or more Workers that share their storage. Each Worker has its own settings. A test
// calls each Worker over a separate socket, and not through the proxy that harness.mjs uses. The
// Workers serve no pages. TEST_VARS and TEST_SECRETS apply, and everything else is configured as in
// wrangler.toml.
//
//   const settings = [{}, { secrets: { TICKET_SECRET: "…" } }];
//   const { workers: [old, young], stop } = await startWorkers(settings);
//   await old.fetch("/auth/login", …);
//
// By default each Worker is wrapped in slow-storage/worker.mjs, which changes nothing until a test
// calls `control`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PREBUILT, prebuiltForMiniflare } from "../../scripts/project/prebuilt-worker.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { keepLines, noteSettings } from "../logs/keep.mjs";
import { TEST_SECRETS, TEST_VARS, withoutUndefined } from "./harness.mjs";

/**
 * @typedef {object} Settings the settings of one Worker
 * @property {Record<string, string | undefined>} [vars]
 * @property {Record<string, string | undefined>} [secrets]
 * @property {string[]} [without] bindings to remove
 * @property {object[]} [email] bindings of type send_email
 * @property {string[]} [datasets] names of Analytics Engine bindings
 * @property {string[]} [flags] compatibility flags
 * @property {(request: import("miniflare").Request) => import("miniflare").Response
 *   | Promise<import("miniflare").Response>} [internet] answers what the Worker fetches
 * @property {number} [batchTimeout] how many seconds a queue waits for more messages of a batch
 * @property {object} [caller] options of an additional Worker that calls this one: its binding AUTH
 *   is this Worker's entrypoint Auth
 */

/**
 * @typedef {object} StartOptions
 * @property {boolean} [direct] whether to leave out slow-storage/worker.mjs, for tests that measure
 *   time; then `control`, `workOff`, `cron` and `stored` don't work
 * @property {object[]} [front] modules to use instead of slow-storage/worker.mjs, the main one first
 * @property {string} [folder] the folder of another build
 * @property {number} [inspectorPort] the port of workerd's inspector
 */

/**
 * Starts a Worker for each of `settings`.
 *
 * @param {Settings[]} settings
 * @param {StartOptions} [options]
 */
export async function startWorkers(
  settings,
  { direct = false, front, folder, inspectorPort } = {},
) {
  const [prebuilt, { Miniflare, convertV4MiniflareOptions }] = await Promise.all([
    prebuiltForMiniflare(),
    import("miniflare"),
  ]);
  const built = modulesIn(folder ?? PREBUILT);
  const modules = direct ? built : [...(front ?? slowStorage()), ...built];
  const lines = [];
  const keep = ({ message }) => {
    lines.push(parsed(message));
    keepLines([message]);
  };
  const logs = () => [...lines];
  const isOf =
    ({ headers }) =>
    ({ event, request_id }) =>
      event === "request" && request_id === headers.get("x-request-id");
  const lineOf = (answer) => eventually(() => logs().find(isOf(answer)));
  const workers = settings.map(
    (
      { vars, secrets, without = [], email = [], datasets = [], flags, internet, batchTimeout },
      index,
    ) => {
      const { assets: _pages, ...options } = structuredClone(prebuilt.workerOptions);
      const bound = (named) =>
        Object.fromEntries(Object.entries(named).filter(([name]) => !without.includes(name)));
      // All Workers use the Durable Objects of the first Worker.
      const scriptName = index === 0 ? {} : { scriptName: nameOf(0) };
      /** @type {Record<string, any>} */
      const durableObjects = bound(options.durableObjects);
      for (const name of Object.keys(durableObjects))
        durableObjects[name] = { ...durableObjects[name], ...scriptName };
      const kvNamespaces = bound(options.kvNamespaces);
      const ratelimits = bound(options.ratelimits);
      const bindings = withoutUndefined({
        .../** @type {object} */ (options.bindings),
        ...TEST_VARS,
        ...TEST_SECRETS,
        ...vars,
        ...secrets,
      });
      noteSettings(bindings);
      // Only the first Worker consumes the queues, because a queue can have only one consumer.
      const queueConsumers =
        index === 0 ? withBatchTimeout(options.queueConsumers, batchTimeout) : {};
      const queueProducers = bound(options.queueProducers);
      const analyticsEngineDatasets = Object.fromEntries(
        datasets.map((name) => [name, { dataset: name }]),
      );
      const unsafeDirectSockets = [{ host: "127.0.0.1", port: 0 }];
      return {
        ...options,
        name: nameOf(index),
        modules,
        durableObjects,
        kvNamespaces,
        ratelimits,
        queueConsumers,
        queueProducers,
        bindings,
        email: { send_email: email },
        analyticsEngineDatasets,
        unsafeDirectSockets,
        ...(flags && { compatibilityFlags: flags }),
        ...(internet && { outboundService: internet }),
      };
    },
  );
  const callers = settings.flatMap(({ caller }, index) =>
    caller ? [callerOf(index, caller)] : [],
  );
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      inspectorPort,
      handleStructuredLogs: keep,
      workers: [...workers, ...callers],
    }),
  );
  try {
    await miniflare.ready;
    const database = await miniflare.getD1Database("DB", nameOf(0));
    for (const statements of prebuilt.migrations)
      await database.batch(statements.map((statement) => database.prepare(statement)));
    return {
      workers: await Promise.all(
        settings.map(({ caller }, index) =>
          handle(miniflare, nameOf(index), caller && callerName(index)),
        ),
      ),
      /**
       * Returns all lines that were logged so far. Lines that are JSON are parsed. The last lines
       * can be missing, because they arrive with a delay. `logged` waits for a line.
       */
      logs,
      /** Waits for a log line that `wanted` accepts, and returns this line. */
      logged: (wanted) => eventually(() => logs().find(wanted)),
      /**
       * Waits for the line that the Worker logs for a request, and returns this line. `answer` is
       * the answer to the request.
       */
      lineOf,
      /**
       * Waits for the request's line in the log. Returns the events of this request in the audit
       * log.
       */
      async eventsOf(answer) {
        const { request_id } = await lineOf(answer);
        // Leave out the lines about the mails that the request caused. These lines have the same id
        // and are sometimes logged later.
        return logs().filter(
          (line) => line.request_id === request_id && !["request", "mail"].includes(line.event),
        );
      },
      stop: () => miniflare.dispose(),
    };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

/**
 * Repeats `look` until it returns a result, and returns this result. Fails after `seconds`, which
 * must be enough for a busy machine.
 */
export async function eventually(look, seconds = 30) {
  for (
    const deadline = performance.now() + seconds * 1000;
    performance.now() < deadline;
    await sleep(20)
  ) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`it did not come within ${seconds} s: ${look}`);
}

function parsed(message) {
  try {
    return JSON.parse(message);
  } catch {
    return { message };
  }
}

const withBatchTimeout = (consumers, maxBatchTimeout) =>
  maxBatchTimeout === undefined
    ? consumers
    : Object.fromEntries(
        Object.entries(consumers).map(([name, consumer]) => [
          name,
          { ...consumer, maxBatchTimeout },
        ]),
      );

const nameOf = (index) => `worker-${index}`;
const callerName = (index) => `caller-${index}`;

const callerOf = (index, options) => ({
  name: callerName(index),
  compatibilityDate: "2026-10-23",
  serviceBindings: { AUTH: { name: nameOf(index), entrypoint: "Auth" } },
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  ...options,
});

async function handle(miniflare, name, caller) {
  const callerUrl = caller && (await miniflare.unsafeGetDirectURL(caller));
  const [url, env] = await Promise.all([
    miniflare.unsafeGetDirectURL(name),
    miniflare.getBindings(name),
  ]);
  const send = (path, init) => fetch(new URL(path, url), init);
  return {
    url,
    origin: TEST_VARS.ISSUER,
    fetch: send,
    env,
    kv: env.SESSIONS,
    db: env.DB,
    objects: env.SESSION_OBJECTS,
    /**
     * Makes the Worker process a message from the queue. Returns "ack" if the message is done, or
     * the number of seconds until the queue delivers the same message again. If the Worker queued
     * another message in its place, returns `{ seconds, body }` of that message.
     */
    async workOff(body, queue = "edgegate-mail") {
      const messages = [{ id: "message", body, attempts: 1 }];
      const answer = await send("/test/queue", {
        method: "POST",
        body: JSON.stringify({ queue, messages }),
      });
      const { outcomes, delayed } = /** @type {any} */ (await answer.json());
      return delayed[0] ?? outcomes.message;
    },
    /**
     * Sends a request to the additional Worker that calls this Worker (`caller` in the settings).
     */
    askCaller: (init) => fetch(callerUrl, init),
    cron: (cron) => send("/test/cron", { method: "POST", body: cron }),
    /**
     * Returns what is stored in KV, in D1 and in these users' objects of class Sessions, as lines.
     * See slow-storage/stored.mjs.
     */
    async stored(users = []) {
      const answer = await send("/test/stored", { method: "POST", body: JSON.stringify(users) });
      return (await answer.text()).split("\n");
    },
    /** Sends settings to slow-storage/worker.mjs. Returns how many calls it has counted so far. */
    async control(orders) {
      const answer = await send("/test/control", { method: "POST", body: JSON.stringify(orders) });
      return answer.json();
    },
  };
}

function slowStorage() {
  return ["worker.mjs", "memory.mjs", "meter.mjs", "stored.mjs", "through.mjs"].map((path) => ({
    type: "ESModule",
    path,
    contents: readFileSync(inRoot("tests/e2e/slow-storage", path), "utf8"),
  }));
}

function modulesIn(folder) {
  const contents = (name) => readFileSync(join(folder, name));
  return [
    {
      type: "ESModule",
      path: "index.js",
      contents: contents("index.js")
        .toString()
        .replace(/^\/\/# sourceMappingURL=.*$/m, ""),
    },
    ...readdirSync(folder)
      .filter((name) => name.endsWith(".wasm"))
      .map((name) => ({ type: "CompiledWasm", path: name, contents: contents(name) })),
  ];
}
