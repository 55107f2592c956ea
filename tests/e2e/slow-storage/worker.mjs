// The Worker as it is built, with storage that can be slow and can fail, and with a clock that can be moved. It stands
// beside the built module when workers.mjs loads it.
//
// POST /test/control, JSON, each member optional; the answer counts the storage calls so far by name, `{ calls, verdicts }`:
//   delay: [5, 15]                      before each storage call, milliseconds drawn by a seeded generator
//   fail: { "KV put": { skip: 1, times: 2, error: "…", after: true } }
//                                       calls of that name fail, before or after they took effect; the first ones do not
//   clock: 3600                         the Worker's and the objects' clock goes that many seconds ahead of this machine's
//   quiet: true                         nothing is logged; the answer counts the verdicts that would have been
//   remember: true                      a user once read is not read again: for tests that ask a thousand times a second
import { WorkerEntrypoint } from "cloudflare:workers";
import Edgegate, { Sessions as BuiltSessions } from "./shim.js";

const state = { delay: null, fail: {}, clock: 0, remember: false, calls: {}, verdicts: {}, seed: 1 };
const remembered = new Map();

const RealDate = Date;
class MovedDate extends RealDate {
  constructor(...fields) {
    super(...(fields.length === 0 ? [MovedDate.now()] : fields));
  }
  static now() {
    return RealDate.now() + state.clock * 1000;
  }
}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    if (new URL(request.url).pathname === "/test/control") return control(await request.json());
    return new Edgegate(this.ctx, slowEnv(this.env)).fetch(request);
  }
}

export const Sessions = BuiltSessions;

function control({ delay, fail, clock, quiet, remember }) {
  if (delay !== undefined) state.delay = delay;
  if (fail !== undefined) state.fail = fail;
  if (clock !== undefined) {
    state.clock = clock;
    globalThis.Date = MovedDate;
  }
  if (remember !== undefined) state.remember = remember;
  if (quiet) console.log = console.warn = console.error = countVerdict;
  return Response.json({ calls: state.calls, verdicts: state.verdicts });
}

function countVerdict(line) {
  const verdict = /"verdict":"(\w+)"/.exec(line)?.[1];
  if (verdict) state.verdicts[verdict] = (state.verdicts[verdict] ?? 0) + 1;
}

const slowEnv = (env) =>
  through(env, {
    SESSIONS: (namespace) => wrap(namespace, { get: "KV get", put: "KV put", list: "KV list", delete: "KV delete", getWithMetadata: "KV get" }),
    DB: (database) => through(database, { prepare: (prepare) => (sql) => slowStatement(prepare.call(database, sql), sql) }),
    SESSION_OBJECTS: (namespace) =>
      through(namespace, { getByName: (getByName) => (name) => wrap(getByName.call(namespace, name), { fetch: "object" }) }),
  });

const slowStatement = (statement, sql, values = []) =>
  through(statement, {
    bind: (bind) => (...values) => slowStatement(bind.apply(statement, values), sql, values),
    ...Object.fromEntries(
      ["first", "run", "all", "raw"].map((name) => [name, (call) => slow("D1", recalled(call.bind(statement), sql, values))]),
    ),
  });

const recalled = (call, sql, values) => async (...rest) => {
  if (!state.remember || !sql.startsWith("SELECT")) return call(...rest);
  const key = JSON.stringify([sql, values]);
  if (!remembered.has(key)) remembered.set(key, call(...rest));
  return remembered.get(key);
};

const wrap = (object, names) =>
  through(object, Object.fromEntries(Object.entries(names).map(([method, name]) => [method, (call) => slow(name, call.bind(object))])));

/** The object, with some members replaced. Methods that are not keep their own `this`. */
const through = (object, replaced) =>
  new Proxy(object, {
    get(target, member) {
      const value = Reflect.get(target, member);
      if (value === undefined) return value;
      if (Object.hasOwn(replaced, member)) return replaced[member](value);
      return typeof value === "function" && member !== "constructor" ? value.bind(target) : value;
    },
  });

const slow = (name, call) => async (...values) => {
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
  if (fails && !failure.after) throw new Error(failure.error);
  const answer = await call(...values);
  if (fails) throw new Error(failure.error);
  return answer;
};

/** mulberry32: the same waits in every run. */
function random() {
  state.seed = (state.seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state.seed ^ (state.seed >>> 15), 1 | state.seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
