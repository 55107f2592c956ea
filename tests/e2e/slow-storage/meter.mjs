// Counts what the Worker in this isolate uses, in the units of Cloudflare's price list. If one KV
// call reads several keys, each key is counted. For D1 and Durable Objects, the rows are counted
// that they report. bench/operations.mjs uses this file to count what other services use.
import { through } from "./through.mjs";

/** The counts so far, under the names that the tables of docs/operations.md use. */
export const bill = {};

export const charge = (what, amount = 1) => {
  bill[what] = (bill[what] ?? 0) + amount;
};

/**
 * The calls since `control` in worker.mjs last emptied this list: when each call begins and ends,
 * an entry such as "begin D1 statements" is added. worker.mjs adds "answer" after each answer.
 */
export const trace = [];

const traced =
  (what, call) =>
  async (...values) => {
    trace.push(`begin ${what}`);
    try {
      return await call(...values);
    } finally {
      trace.push(`end ${what}`);
    }
  };

const charged =
  (what, call, /** @type {(...values) => number} */ amount = () => 1) =>
  (...values) => {
    charge(what, amount(...values));
    return call(...values);
  };

const keys = (asked) => (Array.isArray(asked) ? asked.length : 1);

/** Wraps a KV namespace so that its calls are counted. */
export const meteredKv = (namespace) => {
  const counted = (what, amount) => (call) =>
    traced(what, charged(what, call.bind(namespace), amount));
  return through(namespace, {
    get: counted("KV keys read", keys),
    getWithMetadata: counted("KV keys read", keys),
    put: counted("KV writes"),
    delete: counted("KV deletes"),
    list: counted("KV lists"),
  });
};

const D1 = "D1 statements";

/** Wraps a D1 database so that its calls are counted. */
export const meteredD1 = (database) =>
  through(database, {
    prepare: (prepare) => (sql) => meteredStatement(prepare.call(database, sql)),
    batch: (batch) =>
      traced(D1, async (statements) => (await batch.call(database, statements)).map(told)),
  });

function meteredStatement(statement) {
  const all = traced(D1, async () => told(await statement.all()));
  return through(statement, {
    bind:
      (bind) =>
      (...values) =>
        meteredStatement(bind.apply(statement, values)),
    all: () => all,
    run: () => all,
    // Call `all` and return the first row. D1's own `first` also reads all rows, but does not
    // report how many.
    first: () => async (column) => {
      const {
        results: [row = null],
      } = await all();
      return row === null || column === undefined ? row : row[column];
    },
    raw: () => () => {
      throw new Error("raw() does not tell what it cost");
    },
  });
}

function told(answer) {
  charge(D1);
  charge("D1 rows read", answer.meta.rows_read);
  charge("D1 rows written", answer.meta.rows_written);
  return answer;
}

/** Wraps a queue's producer so that its calls are counted. */
export const meteredQueue = (queue) =>
  through(queue, {
    send: (send) => traced("messages", charged("messages", send.bind(queue))),
    sendBatch: (send) => charged("messages", send.bind(queue), (messages) => [...messages].length),
  });

/**
 * Wraps a Durable Object namespace so that calls to its objects are counted. The wrapped objects
 * have only the method `ask`, because the Worker calls no other.
 */
export const meteredObjects = (namespace) =>
  through(namespace, {
    getByName: (getByName) => (name) => {
      const stub = getByName.call(namespace, name);
      // Don't use `stub.ask.bind`. The platform treats every member of a stub as a method of the
      // object, and would call a method named `bind`.
      const ask = charged("object calls", (...call) => stub.ask(...call));
      return { ask: traced("object calls", ask) };
    },
  });

/** Returns a subclass of a Durable Object's class that counts the calls to the object's storage. */
export const meteredObject = (Built) =>
  class extends Built {
    constructor(ctx, env) {
      super(ctx, env);
      Object.defineProperty(this, "ctx", { value: through(ctx, { storage: meteredStorage }) });
    }

    // Cloudflare bills an alarm of a Durable Object as a call to the object.
    alarm() {
      charge("object calls");
      return super.alarm();
    }
  };

const meteredStorage = (storage) =>
  through(storage, {
    sql: (sql) =>
      through(sql, {
        exec:
          (exec) =>
          (...statement) =>
            meteredCursor(exec.apply(sql, statement)),
      }),
    // Cloudflare bills each key of this storage as a row.
    kv: (kv) =>
      through(kv, {
        get: (get) => charged("object rows read", get.bind(kv)),
        put: (put) => charged("object rows written", put.bind(kv)),
      }),
    // Cloudflare bills setting an alarm as one written row.
    setAlarm: (setAlarm) => charged("object rows written", setAlarm.bind(storage)),
  });

const meteredCursor = (cursor) =>
  through(cursor, {
    // The cursor reports the number of rows only after all rows have been read.
    raw: (raw) => () => ({
      toArray() {
        const rows = raw.call(cursor).toArray();
        charge("object rows read", cursor.rowsRead);
        charge("object rows written", cursor.rowsWritten);
        return rows;
      },
    }),
  });

/** Counts log lines from now on. */
export function meterLog() {
  for (const level of ["log", "warn", "error"])
    console[level] = charged("log lines", console[level].bind(console));
}
