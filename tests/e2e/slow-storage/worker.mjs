// The built Worker with storage that can be slow and can fail, and with a clock that a test can
// move. workers.mjs loads this module together with the built one.
//
// POST /test/control takes JSON. Each member is optional:
//   delay: [5, 15]     each call to KV, D1, an object, a queue, EMAIL or a limiter first waits a
//                      random time between these milliseconds
//   fail: { "KV put": { skip: 1, times: 2, error: "…", code: "…", after: true } }
//                      after the first `skip` calls of this name, the next `times` calls fail. They
//                      fail before they take effect, or afterwards if `after` is true. With
//                      `hangs`, a call fails after that many milliseconds
//   held: true         messages of the queue are held back until this member is false again
//   clock: 3600        the clock of the Worker and of its Durable Objects is this many seconds
//                      ahead of the machine's clock
//   at: 1800000000     the clock of the Worker and of its Durable Objects stands still at this time
//   quiet: true        nothing is logged. Instead, the answer counts the verdicts that the log
//                      would contain
//   drawn: 0           if the Worker draws a single random byte, the byte has this value. The
//                      Worker draws a single byte to decide whether a login counts the user's
//                      sessions
//   oldObjects: true   the Durable Objects with sessions act like an older version, which did not
//                      know the calls for copies of users' rows
//   silent: "<name>"   the object of this name does not answer until this member is "" again
//   stopped: true      timers of a second or more that begin now don't end until this member is
//                      false again
//   remember: true     the same SELECT with the same values is sent to D1 only once, for tests with
//                      a thousand requests a second
// The answer is `{ calls, failed, verdicts, mails, points, bill, trace, memory }`. `calls` counts,
// by name, the calls that `delay` can make wait. Its member `hashed` counts the passwords that
// objects hashed. `failed` counts the calls that failed because of `fail`. `mails` and `points` are
// what the Worker sent to the bindings EMAIL and EVENTS. `bill` is what meter.mjs counted. `trace`
// lists the calls that meter.mjs recorded since the last POST /test/control. `memory` has the size
// of the wasm memory and the number of wasm instances.
//
// POST /test/queue takes JSON `{ queue, messages: [{ id, body, attempts }] }`: the Worker processes
// the batch. The answer is `{ outcomes, delayed }`. `outcomes` maps the id of each message to "ack"
// or to the seconds until the retry. `delayed` lists the messages that the Worker queued with a
// delay, as `{ body, seconds }`.
//
// POST /test/stored takes a JSON list of users. The answer is what is stored in KV, in D1 and in
// these users' objects of class Sessions, as lines. See stored.mjs.
//
// POST /test/cron runs the cron job of every five minutes, or the cron job that the body names.
//
// Import memory.mjs before the built Worker, because the Worker creates its first wasm instance
// when its module is loaded.
import "./memory.mjs";
import { WorkerEntrypoint } from "cloudflare:workers";
import Edgegate, {
  Account as BuiltAccount,
  Auth as BuiltAuth,
  MailGate as BuiltMailGate,
  Sessions as BuiltSessions,
} from "./index.js";
import { wasmMemory } from "./memory.mjs";
import {
  bill,
  charge,
  meteredD1,
  meteredKv,
  meteredObject,
  meteredObjects,
  meteredQueue,
  meterLog,
  trace,
} from "./meter.mjs";
import { everything } from "./stored.mjs";
import { through } from "./through.mjs";

/**
 * @type {{
 *   delay: [least: number, most: number] | null, fail: Record<string, *>, held: boolean,
 *   clock: number, at: number | null, oldObjects: boolean,
 *   silent: string, stopped: boolean, remember: boolean, calls: Record<string, number>,
 *   verdicts: Record<string, number>, mails: object[], points: object[],
 *   delayed: { body: unknown, seconds: number }[] | null, seed: number
 * }}
 */
const state = {
  delay: null,
  fail: {},
  held: false,
  clock: 0,
  at: null,
  oldObjects: false,
  silent: "",
  stopped: false,
  remember: false,
  calls: {},
  verdicts: {},
  mails: [],
  points: [],
  delayed: null,
  seed: 1,
};
const remembered = new Map();
meterLog();

const RealDate = Date;
class MovedDate extends RealDate {
  constructor(...fields) {
    super(.../** @type {[number]} */ (fields.length === 0 ? [MovedDate.now()] : fields));
  }
  static now() {
    return state.at === null ? RealDate.now() + state.clock * 1000 : state.at * 1000;
  }
}

/** @typedef {{ scheduled(event: object): Promise<void> }} Scheduled as the platform calls it */

export default class extends WorkerEntrypoint {
  async fetch(request) {
    const edgegate = () => new Edgegate(this.ctx, slowEnv(this.env));
    switch (new URL(request.url).pathname) {
      case "/test/control":
        return control(await request.json());
      case "/test/queue":
        return workOff(edgegate(), await request.json());
      case "/test/stored":
        return new Response(await everything(this.env, await request.json()));
      case "/test/cron":
        await /** @type {Scheduled} */ (edgegate()).scheduled({
          cron: (await request.text()) || "*/5 * * * *",
          scheduledTime: Date.now(),
        });
        return Response.json({});
      default:
        return answered(edgegate(), request);
    }
  }

  async queue(batch) {
    while (state.held) await new Promise((done) => setTimeout(done, 5));
    charge("Worker requests");
    return new Edgegate(this.ctx, slowEnv(this.env)).queue(batch);
  }

  scheduled(event) {
    const edgegate = new Edgegate(this.ctx, slowEnv(this.env));
    return /** @type {Scheduled} */ (edgegate).scheduled(event);
  }
}

async function answered(edgegate, request) {
  charge("Worker requests");
  const answer = await edgegate.fetch(request);
  trace.push("answer");
  return answer;
}

/**
 * The class of the Durable Object with a user's sessions, with additional methods for tests. These
 * methods return each row of each table that the object stores, return the size of its database,
 * run statements that prepare a state, and run the alarm.
 */
export class Sessions extends meteredObject(BuiltSessions) {
  ask(call) {
    if (state.oldObjects && COPY_CALL.test(call))
      return Promise.reject(new Error("a malformed message or record"));
    return super.ask(call);
  }

  run(statements) {
    for (const [sql, ...values] of statements) this.ctx.storage.sql.exec(sql, ...values);
  }

  ring() {
    return this.alarm();
  }

  bytes() {
    return this.ctx.storage.sql.databaseSize;
  }

  stored() {
    const rows = (statement) => this.ctx.storage.sql.exec(statement).toArray();
    const tables = rows(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    );
    return JSON.stringify(tables.map(({ name }) => [name, rows(`SELECT * FROM "${name}"`)]));
  }
}

export class MailGate extends meteredObject(BuiltMailGate) {
  put(key, text) {
    this.ctx.storage.kv.put(key, text);
  }
}

/**
 * The class of the Durable Object that checks an account's passwords. For tests, it counts each
 * attempt as "hashed" unless the attempt was refused or failed. It also shows what it stores and
 * when its alarm is due.
 */
export class Account extends BuiltAccount {
  async stored() {
    return JSON.stringify({
      keys: [...this.ctx.storage.kv.list()],
      alarm: await this.ctx.storage.getAlarm(),
    });
  }

  put(key, text) {
    this.ctx.storage.kv.put(key, text);
  }

  ring() {
    return this.alarm();
  }

  async ask(/** @type {[call: string, arrival: string, now: number]} */ ...call) {
    const answer = await super.ask(...call);
    if (!("delayed" in JSON.parse(answer))) state.calls.hashed = (state.calls.hashed ?? 0) + 1;
    return answer;
  }
}

export class Auth extends BuiltAuth {
  constructor(ctx, env) {
    super(ctx, slowEnv(env));
  }
}

/**
 * Matches the calls that an object of an older version rejects, because that version had no copies
 * of users' rows.
 */
const COPY_CALL =
  /^(\{"(renew_by_copy|renew_by_row|check_by_copy|check_by_row)"|"(hold|forget_copy)")/;

const realTimeout = globalThis.setTimeout;

/**
 * A timer of a second or more that begins while `stopped` is true does not end until `stopped` is
 * false again. Then it ends within milliseconds, even if its time is not over.
 */
function stopTimers() {
  globalThis.setTimeout = /** @type {typeof setTimeout} */ (
    (act, milliseconds = 0, ...values) => {
      if (!state.stopped || milliseconds < 1000) return realTimeout(act, milliseconds, ...values);
      const looks = setInterval(() => {
        if (state.stopped) return;
        clearInterval(looks);
        act(...values);
      }, 5);
      return looks;
    }
  );
}

function control(orders) {
  const { delay, fail, held, clock, at, quiet, drawn, oldObjects, silent, stopped, remember } =
    orders;
  if (delay !== undefined) state.delay = delay;
  if (fail !== undefined) state.fail = fail;
  if (held !== undefined) state.held = held;
  if (clock !== undefined) state.clock = clock;
  if (at !== undefined) state.at = at;
  if (clock !== undefined || at !== undefined)
    globalThis.Date = /** @type {DateConstructor} */ (MovedDate);
  if (drawn !== undefined) drawAlways(drawn);
  if (oldObjects !== undefined) state.oldObjects = oldObjects;
  if (silent !== undefined) state.silent = silent;
  if (stopped !== undefined) state.stopped = stopped;
  if (stopped) stopTimers();
  if (remember !== undefined) state.remember = remember;
  if (quiet) console.log = console.warn = console.error = countVerdict;
  return Response.json({
    calls: state.calls,
    failed,
    verdicts: state.verdicts,
    mails: state.mails,
    points: state.points,
    bill,
    trace: trace.splice(0),
    memory: wasmMemory(),
  });
}

const realRandom = crypto.getRandomValues.bind(crypto);

function drawAlways(byte) {
  crypto.getRandomValues = (/** @type {*} */ bytes) =>
    bytes.length === 1 ? bytes.fill(byte) : realRandom(bytes);
}

async function workOff(edgegate, { queue, messages }) {
  const outcomes = {};
  const message = ({ id, body, attempts }) => ({
    id,
    body,
    attempts,
    timestamp: new Date(),
    ack: () => (outcomes[id] = "ack"),
    retry: ({ delaySeconds }) => (outcomes[id] = delaySeconds),
  });
  const delayed = [];
  state.delayed = delayed;
  await edgegate.queue({ queue, messages: messages.map(message) });
  state.delayed = null;
  return Response.json({ outcomes, delayed });
}

function countVerdict(line) {
  const verdict = /"verdict":"(\w+)"/.exec(line)?.[1];
  if (verdict) state.verdicts[verdict] = (state.verdicts[verdict] ?? 0) + 1;
}

const meteredEnv = (env) =>
  through(env, {
    SESSIONS: meteredKv,
    DB: meteredD1,
    MAIL_QUEUE: meteredQueue,
    NOTICE_QUEUE: meteredQueue,
    SESSION_OBJECTS: meteredObjects,
    ACCOUNT_OBJECTS: meteredObjects,
    MAIL_GATE_OBJECTS: meteredObjects,
  });

const slowEnv = (env) =>
  through(meteredEnv(env), {
    SESSIONS: (namespace) =>
      wrap(namespace, {
        get: "KV get",
        put: "KV put",
        list: "KV list",
        delete: "KV delete",
        getWithMetadata: "KV get",
      }),
    DB: (database) =>
      through(database, {
        prepare: (prepare) => (sql) => slowStatement(prepare.call(database, sql), sql),
        batch: (batch) => slow("D1", batch.bind(database)),
      }),
    EMAIL: (binding) => ({
      send: slow("mail send", (mail) => {
        state.mails.push(mail);
        return binding.send(mail);
      }),
    }),
    EVENTS: (dataset) => ({
      writeDataPoint(point) {
        state.points.push(point);
        dataset.writeDataPoint(point);
      },
    }),
    MAIL_QUEUE: (queue) => slowQueue(queue, "queue send"),
    NOTICE_QUEUE: (queue) => slowQueue(queue, "notice queue send"),
    IP_LIMITER: (limiter) => wrap(limiter, { limit: "limiter" }),
    ACCOUNT_LIMITER: (limiter) => wrap(limiter, { limit: "limiter" }),
    RENEWAL_LIMITER: (limiter) => wrap(limiter, { limit: "limiter" }),
    SESSION_OBJECTS: (namespace) => slowObjects(namespace, "object"),
    ACCOUNT_OBJECTS: (namespace) => slowObjects(namespace, "account object"),
    MAIL_GATE_OBJECTS: (namespace) => slowObjects(namespace, "mail gate object"),
  });

// During POST /test/queue, a message that the Worker sends with a delay is not passed to the real
// queue. It is kept here, and the answer of POST /test/queue lists it.
const slowQueue = (queue, named) =>
  through(queue, {
    send: (send) =>
      slow(named, (body, options) => {
        if (!options?.delaySeconds || !state.delayed) return send.call(queue, body, options);
        state.delayed.push({ body, seconds: options.delaySeconds });
      }),
  });

// Call `stub.ask` directly. The platform treats every member of a stub as a method of the object,
// so `stub.ask.bind(…)` would be a remote call of a method `bind`.
const slowObject = (stub, named, name) => ({
  ask: slow(named, async (...call) => {
    if (state.silent !== name) return stub.ask(...call);
    while (state.silent === name) await new Promise((done) => setTimeout(done, 5));
    throw new Error("it was silent");
  }),
});

const slowObjects = (namespace, named) =>
  through(namespace, {
    getByName: (getByName) => (name) => slowObject(getByName.call(namespace, name), named, name),
  });

const slowStatement = (statement, sql, values = []) =>
  through(statement, {
    bind:
      (bind) =>
      (...values) =>
        slowStatement(bind.apply(statement, values), sql, values),
    ...Object.fromEntries(
      ["first", "run", "all", "raw"].map((name) => [
        name,
        (call) => slow("D1", recalled(call.bind(statement), sql, values)),
      ]),
    ),
  });

const recalled =
  (call, sql, values) =>
  async (...rest) => {
    if (!state.remember || !sql.startsWith("SELECT")) return call(...rest);
    const key = JSON.stringify([sql, values]);
    if (!remembered.has(key)) remembered.set(key, call(...rest));
    return remembered.get(key);
  };

const wrap = (object, names) =>
  through(
    object,
    Object.fromEntries(
      Object.entries(names).map(([method, name]) => [
        method,
        (call) => slow(name, call.bind(object)),
      ]),
    ),
  );

const failed = {};

const slow =
  (name, call) =>
  async (...values) => {
    state.calls[name] = (state.calls[name] ?? 0) + 1;
    if (state.delay) {
      const [least, most] = state.delay;
      await new Promise((done) => setTimeout(done, least + random() * (most - least)));
    }
    const failure = state.fail[name];
    const isSkipped = failure?.skip > 0;
    if (isSkipped) failure.skip -= 1;
    const fails = failure?.times > 0 && !isSkipped;
    if (fails) failure.times -= 1;
    if (fails) failed[name] = (failed[name] ?? 0) + 1;
    if (fails && failure.hangs) await new Promise((done) => setTimeout(done, failure.hangs));
    if (fails && !failure.after) throw errorOf(failure);
    const answer = await call(...values);
    if (fails) throw errorOf(failure);
    return answer;
  };

const errorOf = ({ error, code }) => Object.assign(new Error(error), code && { code });

/**
 * A random number generator with a seed (mulberry32). Every run has the same delays if its calls
 * come in the same order.
 */
function random() {
  state.seed = (state.seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state.seed ^ (state.seed >>> 15), 1 | state.seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
