// Tests `edgegate users import`: how it reads a file, divides the lines of the file into batches,
// and sends the batches.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Advice } from "../../npm/edgegate-worker/cli/lib/advice.js";
import {
  batchesOf,
  formProblem,
  linesOf,
  MAX,
  sendLines,
} from "../../npm/edgegate-worker/cli/lib/import-lines.js";
import { withTickets } from "../../npm/edgegate-worker/cli/lib/operator.js";
import { policy } from "../../scripts/project/policy.mjs";
import { inRoot } from "../../scripts/project/root.mjs";

const collect = async (items) => {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
};
/** Returns the text as a list of chunks. Each chunk but the last one has `size` bytes. */
const inChunks = (text, size) => {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
};
const rows = (count, text = "{}") =>
  Array.from({ length: count }, (_, n) => ({ number: n + 1, bytes: Buffer.from(text) }));

test("the limits are those of the service", () => {
  assert.deepEqual(MAX, {
    rows: policy("IMPORT_MAX_ROWS"),
    bytes: policy("IMPORT_MAX_BYTES"),
    line: policy("IMPORT_LINE_MAX_BYTES"),
  });
});

test("lines keep their numbers, whatever the chunks are", async () => {
  const text = '\ufeff{"a":"ü"}\r\n\n  \n{"b":1}\n{"c":2}';
  for (const size of [1, 2, 3, 7, 100]) {
    const lines = await collect(linesOf(inChunks(text, size)));
    assert.deepEqual(
      lines.map(({ number, bytes }) => [number, String(bytes)]),
      [
        [1, '{"a":"ü"}'],
        [4, '{"b":1}'],
        [5, '{"c":2}'],
      ],
    );
  }
  assert.deepEqual(await collect(linesOf([])), []);
  assert.deepEqual(await collect(linesOf([Buffer.from("\n \r\n")])), []);
  const [{ bytes }] = await collect(linesOf([Buffer.from([0x7b, 0xff, 0x7d])]));
  assert.deepEqual([...bytes], [0x7b, 0xff, 0x7d], "the service judges the encoding");
});

test("a line may be as long as the service allows, and a longer one is not kept", async () => {
  const longest = "a".repeat(MAX.line);
  for (const size of [1000, MAX.line + 10, 10 * MAX.line]) {
    const text = `${longest}\r\n${longest}a\n${longest.repeat(20)}\nb`;
    const lines = await collect(linesOf(inChunks(text, size)));
    assert.deepEqual(
      lines.map(({ bytes }) => bytes?.length),
      [MAX.line, undefined, undefined, 1],
    );
  }
});

test("a large file is read in constant memory", async () => {
  const chunk = Buffer.alloc(1 << 20, "a");
  function* endless() {
    for (let n = 0; n < 2048; n += 1) yield chunk;
  }
  const before = process.memoryUsage().arrayBuffers;
  const [line, ...more] = await collect(linesOf(endless()));
  assert.deepEqual([line, more], [{ number: 1, bytes: undefined }, []]);
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 << 20);
});

test("what is not a plain file is refused, and the reason is true", () => {
  const command = inRoot("npm/edgegate-worker/cli/edgegate.js");
  for (const [path, words] of /** @type {[string, RegExp][]} */ ([
    [inRoot("tests/none.jsonl"), /there is no file .*none\.jsonl/],
    ["/dev/null", /\/dev\/null is not a plain file/],
    [inRoot("tests"), /is not a plain file/],
  ])) {
    const { status, stderr } = spawnSync(process.execPath, [command, "users", "import", path]);
    assert.equal(status, 1);
    assert.match(`${stderr}`, words);
  }
});

test("a file of another form is told by its beginning", () => {
  const problem = (text) => formProblem({ number: 1, bytes: Buffer.from(text, "latin1") });
  assert.match(String(formProblem(undefined)), /empty/);
  for (const [text, expected] of /** @type {[string, RegExp][]} */ ([
    ['[{"email":"a@example.com"}]', /JSON array/],
    ["[", /JSON array/],
    ["{", /several lines/],
    ["email,password_hash", /CSV/],
    ["a@example.com;x", /CSV/],
    ["\xff\xfe{\0", /UTF-8/],
    ["\x1f\x8b\x08\0\0", /compressed \(gzip\).*gunzip/],
    ["PK\x03\x04\x14\0", /compressed \(zip\)/],
    ["\x28\xb5\x2f\xfd\x04", /compressed \(zstd\)/],
    ["email", /not a JSON object/],
  ]))
    assert.match(String(problem(text)), expected, text);
  assert.equal(problem('{"email":"a@example.com"}'), undefined);
});

test("a batch has at most 500 rows and at most as many bytes as a request may have", async () => {
  const refuse = (outcome) => assert.fail(JSON.stringify(outcome));
  const sizes = async (list) =>
    (await collect(batchesOf(list, MAX, refuse))).map(({ length }) => length);
  assert.deepEqual(await sizes(rows(1200)), [500, 500, 200]);
  assert.deepEqual(await sizes(rows(500)), [500]);
  // A row of 65,535 bytes and its line break together fill one sixteenth of the largest request.
  assert.deepEqual(await sizes(rows(33, "a".repeat(65_535))), [16, 16, 1]);
});

/**
 * Returns a fake service. The function `judge` decides what it answers. The service records the
 * number of rows in each request, the reports, and the pauses that the command makes.
 */
function serviceOf(judge) {
  const sizes = /** @type {number[]} */ ([]);
  const pauses = /** @type {number[]} */ ([]);
  const reports =
    /** @type {import("../../npm/edgegate-worker/cli/lib/import-lines.js").Outcome[]} */ ([]);
  return {
    ...{ sizes, pauses, reports },
    send: async (body) => {
      const lines = String(body).trimEnd().split("\n");
      sizes.push(lines.length);
      const answer = judge(lines, sizes.length);
      if (typeof answer !== "number") return { text: "", body: {}, ...answer };
      const outcomes = lines.map((_, n) => ({ line: n + 1, status: "imported" }));
      return { status: answer, text: "", body: { rows: outcomes } };
    },
    report: (outcome) => reports.push(outcome),
    sleep: async (seconds) => pauses.push(seconds),
  };
}
const numbers = (reports) => reports.map(({ line }) => line);
const upTo = (count) => Array.from({ length: count }, (_, n) => n + 1);

test("each row is reported once, under its number in the file", async () => {
  const service = serviceOf(() => 200);
  await sendLines(rows(1200), service);
  assert.deepEqual(service.sizes, [500, 500, 200]);
  assert.deepEqual(numbers(service.reports), upTo(1200));
  assert.deepEqual(service.pauses, []);
});

for (const status of [503, 413])
  test(`a batch that is answered with ${status} is halved, and batches grow again`, async () => {
    const service = serviceOf((lines, call) => (lines.length > 125 && call < 4 ? { status } : 200));
    await sendLines(rows(1500), service);
    assert.deepEqual(service.sizes.slice(0, 3), [500, 250, 125]);
    assert.deepEqual(numbers(service.reports), upTo(1500));
    assert.ok(service.sizes.slice(4).some((size) => size === 500));
  });

test("a row that is too large for the service is refused, and the others are imported", async () => {
  const list = rows(5);
  list[2].bytes = Buffer.from("large");
  const service = serviceOf((lines) => (lines.includes("large") ? { status: 413 } : 200));
  await sendLines([...list, { number: 6 }], service);
  const refused = service.reports.filter(({ status }) => status === "refused");
  assert.deepEqual(refused.map(({ line, code }) => [line, code]).toSorted(), [
    [3, "line_too_long"],
    [6, "line_too_long"],
  ]);
  assert.deepEqual(numbers(service.reports).toSorted(), upTo(6));
});

test("a limit is waited for as long as the service says", async () => {
  const service = serviceOf((_, call) => (call < 3 ? { status: 429, retryAfter: 60 } : 200));
  await sendLines(rows(500), service);
  assert.deepEqual(
    [service.sizes, service.pauses],
    [
      [500, 500, 500],
      [60, 60],
    ],
  );
  assert.deepEqual(numbers(service.reports), upTo(500));
});

test("a service that stays away ends the import, and the message names the line", async () => {
  const down = serviceOf((lines) => (lines.includes("down") ? { status: 503 } : 200));
  const list = rows(4);
  list[3].bytes = Buffer.from("down");
  await assert.rejects(sendLines(list, down), /503 .*at line 4/);
  assert.deepEqual(numbers(down.reports), [1, 2, 3]);
  assert.deepEqual(down.pauses, [1, 2, 5, 15, 60]);
  const body = { code: "misconfigured", detail: "ISSUER" };
  const wrong = serviceOf(() => ({ status: 500, body }));
  await assert.rejects(sendLines(rows(2), wrong), /500 misconfigured: ISSUER at line 1/);
  assert.equal(wrong.sizes.length, 1);
});

test("a ticket is replaced before it expires, and none is left", async (t) => {
  let time = 0;
  /** @type {Map<string, number>} */
  const stored = new Map();
  const sent = [];
  t.mock.method(globalThis, "fetch", async (_, { headers }) => {
    sent.push(headers.Authorization);
    return new Response("{}");
  });
  const query = async (sql, hash) => {
    if (sql.startsWith("INSERT")) stored.set(hash, time);
    else stored.delete(hash);
  };
  const given = { query, origin: "http://127.0.0.1:1", scope: "users", now: () => time };
  await withTickets(given, async (ask) => {
    for (time = 0; time <= 600_000; time += 50_000) {
      await ask("GET", "/auth/users");
      assert.equal(stored.size, 1);
      const [made] = stored.values();
      assert.ok(time - made < 300_000, "the ticket that was sent is valid");
    }
  });
  assert.equal(stored.size, 0);
  assert.equal(new Set(sent).size, 4);
  const failing = withTickets(given, async (ask) => {
    await ask("GET", "/auth/users");
    throw new Error("lost");
  });
  await assert.rejects(failing, /lost/);
  assert.equal(stored.size, 0);
});

test("a ticket of the local database is left to expire, each statement taking seconds", async (t) => {
  t.mock.method(globalThis, "fetch", async () => new Response("{}"));
  const statements = [];
  const given = {
    query: async (sql) => void statements.push(sql.split(" ")[0]),
    ...{ origin: "http://127.0.0.1:1", scope: "users", isKept: true, now: () => 0 },
  };
  await withTickets(given, (ask) => ask("GET", "/auth/users"));
  assert.deepEqual(statements, ["INSERT"]);
});

test("a ticket that can't be deleted hides neither the result nor the error", async (t) => {
  t.mock.method(globalThis, "fetch", async () => new Response("{}"));
  const query = async (sql) => {
    if (sql.startsWith("DELETE")) throw new Error("the database is gone");
  };
  const given = { query, origin: "http://127.0.0.1:1", scope: "users", now: () => 0 };
  const result = withTickets(given, async (ask) => (await ask("POST", "/auth/users")).status);
  assert.equal(await result, 200);
  const failing = withTickets(given, async (ask) => {
    await ask("POST", "/auth/users");
    throw new Error("lost");
  });
  await assert.rejects(failing, /lost/);
});

test("when the command is stopped, its ticket is deleted", async (t) => {
  t.mock.method(globalThis, "fetch", async () => new Response("{}"));
  const stored = new Set();
  /** @type {Set<() => Promise<unknown>>} */
  const stops = new Set();
  const given = {
    query: async (sql, hash) =>
      void (sql.startsWith("INSERT") ? stored.add(hash) : stored.delete(hash)),
    ...{ origin: "http://127.0.0.1:1", scope: "users", now: () => 0 },
    whenStopped: (clear) => {
      stops.add(clear);
      return () => void stops.delete(clear);
    },
  };
  await withTickets(given, async (ask) => {
    await ask("GET", "/auth/users");
    assert.equal(stored.size, 1);
    for (const stop of stops) await stop();
    assert.equal(stored.size, 0);
  });
  assert.equal(stops.size, 0);
});

test("a service that does not answer is named, without the query", async (t) => {
  t.mock.method(globalThis, "fetch", async () => {
    throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
  });
  const given = { query: async () => {}, origin: "http://127.0.0.1:1", scope: "users" };
  const asked = withTickets(given, (ask) => ask("GET", "/auth/users?email=ada%40example.com"));
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof Advice);
    assert.match(error.message, /127\.0\.0\.1:1 did not answer GET \/auth\/users: .*ECONNREFUSED/);
    return !error.message.includes("ada");
  });
});
