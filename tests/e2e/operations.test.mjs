// Tests what Cloudflare bills for one login, one renewal, one check of an access token and so on,
// with both session stores. The test runs the built Worker with the configuration of wrangler.toml,
// and counts the Worker's calls to the platform. It compares the counts, and the prices in dollars
// that it computes from them, with the tables in docs/operations.md, section Cost. If a table is
// wrong, the test prints the right one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { LATER, priced, pricesOf, section, sum, tables, times } from "../../bench/cost.mjs";
import { BYTES, LIMITER_CALLS } from "../../bench/scale/facts.mjs";
import { PLANS, stagesOf } from "../../bench/scale/plans.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { ADA, claimsOf, clientOf, PASSWORD, ROOT } from "./client.mjs";
import { setCookieOf } from "./cookie-jar.mjs";
import { makeSession } from "./forge.mjs";
import { eventually, startWorkers } from "./workers.mjs";

const STORES = ["kv", "durable"];
/** The units that are counted. Some of them have no price: D1 bills rows, but not statements. */
const COUNTED = [
  "Worker requests",
  "KV keys read",
  "KV writes",
  "KV deletes",
  "KV lists",
  "D1 statements",
  "D1 rows read",
  "D1 rows written",
  "object calls",
  "object rows read",
  "object rows written",
  "messages",
  "log lines",
];
const OPERATIONS = [
  "log in",
  "log in, a user's first",
  "count of the sessions",
  "cleanup",
  "renewal",
  "renewal, kept",
  "renewal without a copy",
  "check, looked up",
  "check, nothing looked up",
  "log out",
  "reset link",
];
const DAY = 86_400;

const documented = tables(section(readFileSync(inRoot("docs/operations.md"), "utf8"), "## Cost"));
const traces = {};
const stored = {};
const limiterCalls = {};
const BROWSER =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36";
const counts = {};

before(async () => {
  for (const store of STORES) counts[store] = await countAll(store);
});

test("the counted operations are those of the document", () => {
  const rows = OPERATIONS.flatMap((act) =>
    STORES.filter((store) => counts[store][act]).map((store) => [
      act,
      store,
      ...amounts(counts[store][act]),
    ]),
  );
  assertTable("operation", ["operation", "with", ...COUNTED], rows);
});

test("what a request waits for is what the simulation of docs/scale.md waits for", () => {
  for (const [store, plans] of Object.entries(PLANS))
    for (const [act, stages] of Object.entries(plans))
      assert.deepEqual(stagesOf(traces[store][act]), stages, `${act}, ${store}`);
});

test("rate limiters are called as often as docs/scale.md says", () => {
  for (const store of STORES)
    for (const [act, calls] of [
      ["log in", LIMITER_CALLS["log in"]],
      ["renewal", LIMITER_CALLS.renewal],
      ["check, looked up", LIMITER_CALLS.check],
      ["reset link", LIMITER_CALLS["reset link"]],
    ])
      assert.equal(limiterCalls[store][act], calls, `${act}, ${store}`);
});

test("a user's sessions take the bytes that docs/scale.md computes with", () => {
  assert.deepEqual(stored, { kv: BYTES["KV session"], durable: BYTES["user's object"] });
});

test("the dollars of the document are its prices times its operations", () => {
  const prices = pricesOf(documented.billed);
  const assumed = Object.fromEntries(
    documented.assumed.rows.map(([what, amount]) => [what, Number(amount)]),
  );
  const others = {};
  for (const [act, of, ...cells] of documented["operation of another"].rows) {
    others[of] ??= {};
    others[of][act] = Object.fromEntries(
      documented["operation of another"].header
        .slice(2)
        .map((what, index) => [what, Number(cells[index])]),
    );
  }

  const parts = Object.fromEntries(
    STORES.map((store) => [store, dollarsOf(counts[store], LATER[store], prices, assumed)]),
  );
  const acts = OPERATIONS.filter((act) => parts.kv[act]);
  const shown = (store, act) => {
    const { requests, writes, otherwise, cpu, logs } = parts[store][act];
    return [
      act,
      store,
      ...[requests, writes, otherwise, cpu, logs, requests + writes + otherwise + cpu + logs].map(
        dollars,
      ),
    ];
  };
  assertTable(
    "a million times",
    [
      "a million times",
      "with",
      "requests",
      "writes, lists",
      "reads, calls, queue",
      "CPU",
      "logs",
      "total",
    ],
    acts.flatMap((act) =>
      STORES.filter((store) => parts[store][act]).map((store) => shown(store, act)),
    ),
  );

  for (const [of, acts] of Object.entries(others))
    parts[of] = dollarsOf(acts, undefined, prices, assumed, `CPU of a login of ${of}, ms`);
  const columns = [...STORES, ...Object.keys(others)];
  const row = (title, act, price) => [
    title,
    ...columns.map((of) => (parts[of][act] ? dollars(price(parts[of][act])) : "")),
  ];
  const withoutCpuAndLogs = ({ requests, writes, otherwise }) => requests + writes + otherwise;
  assertTable(
    "a million times, compared with others",
    ["a million times, compared with others", ...columns],
    [
      row("log in", "log in", withoutCpuAndLogs),
      row("its CPU", "log in", ({ cpu }) => cpu),
      ...acts.slice(1).map((act) => row(act, act, withoutCpuAndLogs)),
    ],
  );
});

/** Returns the number of billed units that each operation uses. */
async function countAll(store) {
  const vars = {
    SESSION_STORE: store,
    LIMITS: "on",
    MAIL_PROVIDER: "cloudflare-binding",
    MAIL_FROM: "login@example.com",
  };
  const email = [{ name: "EMAIL" }];
  const { workers, stop } = await startWorkers([
    { vars, email },
    { vars: { ...vars, ROTATE_AFTER: "0" }, email },
  ]);
  try {
    const [edge, rotating] = workers.map(clientOf);
    const noted = [];
    const limited = async () =>
      (await told()).reduce((all, { calls }) => all + (calls.limiter ?? 0), 0);
    const told = async () => {
      const all = await Promise.all(workers.map((worker) => worker.control({})));
      noted.push(...all.flatMap(({ trace }) => trace));
      return all;
    };
    const bill = async () => sum((await told()).map(({ bill }) => bill));
    const counted = {};
    let billed;
    /**
     * Counts the units that `act` uses. `until` waits for the work that is done long after the
     * answer.
     */
    const count = async (name, act, until = () => {}) => {
      billed ??= await settled(bill);
      const limitedBefore = await limited();
      noted.length = 0;
      const answer = await act();
      await until();
      const after = await settled(bill);
      traces[store] = { ...traces[store], [name]: [...noted] };
      limiterCalls[store] = { ...limiterCalls[store], [name]: (await limited()) - limitedBefore };
      counted[name] = minus(after, billed);
      billed = after;
      return answer;
    };
    const drawing = async (byte, act) => {
      await workers[0].control({ drawn: byte });
      return act();
    };
    const mailed = async (email) => {
      const sent = async () =>
        (await told()).flatMap(({ mails }) => mails).filter(({ to }) => to === email).length;
      const before = await sent();
      assert.equal((await edge.post("/auth/password/reset", { json: { email } })).status, 202);
      return eventually(async () => (await sent()) > before);
    };
    const done = async (asked) => assert.equal((await asked).status, 200);

    // Log in once before counting, because in local development the first login creates the demo
    // accounts.
    await Promise.all([edge, rotating].map(({ logIn }) => logIn(ROOT)));

    if (store === "durable") await count("log in, a user's first", () => edge.logIn(ADA));
    else await edge.logIn(ADA);
    billed = undefined;
    const { access_token, refresh_token } = await count("log in", () =>
      drawing(1, () => edge.logIn(ADA)),
    );
    if (store === "kv") {
      const login = counted["log in"];
      const hasCounted = eventually.bind(
        null,
        async () => (await bill())["KV keys read"] > (billed["KV keys read"] ?? 0),
      );
      await count("count of the sessions", () => drawing(0, () => edge.logIn(ADA)), hasCounted);
      counted["count of the sessions"] = minus(counted["count of the sessions"], login);
      await workers[0].control({ drawn: 1 });
      billed = undefined;
    } else {
      // This session expires in five seconds. At that time the platform triggers the alarm of the
      // user's Durable Object. The alarm follows the platform's clock, which the test can't move.
      await makeSession(workers[0], store, claimsOf(access_token).sub, 30 * DAY - 5);
      billed = undefined;
      const before = await bill();
      await count(
        "cleanup",
        () => {},
        () => eventually(async () => (await bill())["object calls"] > before["object calls"]),
      );
    }
    // The user's Durable Object copies the user's D1 row on two occasions: at the first renewal
    // after the row has changed, and once a day.
    if (store === "durable") {
      const { refresh_token: first } = await edge.logIn(ADA);
      billed = undefined;
      await count("renewal without a copy", () => done(edge.renew(first)));
    }
    await count("renewal", () => done(rotating.renew(refresh_token)));
    const other = await edge.logIn(ADA);
    billed = undefined;
    await count("renewal, kept", () => done(edge.renew(other.refresh_token)));
    await count("check, looked up", () =>
      done(edge.authorized({ role: "user" }, other.access_token)),
    );
    await count("check, nothing looked up", () =>
      done(edge.authorized({ role: "user" }, other.access_token)),
    );
    if (store === "durable") {
      assert.deepEqual(
        counted["check, nothing looked up"],
        counted["check, looked up"],
        "the object is asked each time",
      );
      delete counted["check, nothing looked up"];
    }
    await count("log out", () =>
      done(edge.post("/auth/revoke", { form: { token: refresh_token } })),
    );
    // The first mail in an hour adds a row to the mail ledger. If a new hour has begun during the
    // count, count again.
    for (let hour; hour !== thisHour(); ) {
      hour = thisHour();
      await mailed(ROOT);
      billed = undefined;
      await count("reset link", () => mailed(ADA));
    }
    stored[store] = await bytesOfSessions(store, workers[0], [edge, rotating]);
    return counted;
  } finally {
    await stop();
  }
}

/**
 * Returns how many bytes are stored after a browser has signed in and renewed its session. With KV,
 * these are the bytes of this session's key, value and metadata. With Durable Objects, it is the
 * size of the whole database in the object of a user who has several sessions.
 */
async function bytesOfSessions(store, worker, [edge, rotating]) {
  const headers = { "user-agent": BROWSER };
  const begun = await edge.post("/auth/login", {
    json: { email: ADA, password: PASSWORD },
    headers,
  });
  const { access_token, refresh_token } = begun.body;
  const form = { grant_type: "refresh_token", refresh_token };
  assert.equal((await rotating.post("/auth/token", { form, headers })).status, 200);
  const { sub, sid } = claimsOf(access_token);
  if (store === "durable") return worker.objects.getByName(sub).bytes();
  const {
    keys: [{ name, metadata }],
  } = await worker.kv.list({ prefix: `session:${sub}:${sid}` });
  return Buffer.byteLength(name + (await worker.kv.get(name)) + JSON.stringify(metadata));
}

const thisHour = () => Math.floor(Date.now() / 3_600_000);

/**
 * Waits until the value has stopped changing, which means that the work after the response is done.
 */
async function settled(look) {
  for (let last = await look(); ; ) {
    await sleep(200);
    const next = await look();
    if (JSON.stringify(next) === JSON.stringify(last)) return next;
    last = next;
  }
}

const minus = (bill, other) =>
  Object.fromEntries(
    Object.entries(bill).map(([what, amount]) => [what, amount - (other[what] ?? 0)]),
  );

/**
 * Returns, for each operation except a user's first login, the dollars that a million operations
 * cost. `later` is work that follows a login. Its cost is added to the cost of the login, and it
 * has no entry of its own.
 */
function dollarsOf(acts, later, prices, assumed, cpuOfLogin = "CPU of a login, ms") {
  const found = {};
  for (const [act, bill] of Object.entries(acts)) {
    if (act === later?.[0] || act === "log in, a user's first") continue;
    const whole = act === "log in" && later ? sum([bill, times(acts[later[0]], later[1])]) : bill;
    const cpu =
      act === "log in"
        ? assumed[cpuOfLogin]
        : assumed["CPU of any other request, ms"] * bill["Worker requests"];
    found[act] = priced(whole, cpu, prices, assumed);
  }
  return found;
}

const amounts = (bill) => COUNTED.map((what) => String(bill[what] || ""));
const dollars = (amount) => `$${amount.toFixed(2)}`;

function assertTable(name, header, rows) {
  const line = (row) => `| ${row.join(" | ")} |`;
  const right = [line(header), `|${"---|".repeat(header.length)}`, ...rows.map(line)].join("\n");
  const { header: found, rows: those } = documented[name] ?? {};
  assert.deepEqual(
    [found, ...(those ?? [])],
    [header, ...rows],
    `docs/operations.md should have\n\n${right}\n`,
  );
}

test("with kv a login into a cookie that holds a session reads three keys and writes one more, as docs/storage.md says", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { SESSION_STORE: "kv" } }]);
  t.after(stop);
  const client = clientOf(edge);
  await client.logIn(ADA);
  await edge.control({ drawn: 1 });
  const billed = async (headers) => {
    const before = (await edge.control({})).bill;
    const json = { email: ADA, password: PASSWORD, cookie: true };
    const answer = await client.post("/auth/login", {
      json,
      headers: { origin: edge.origin, ...headers },
    });
    assert.equal(answer.status, 200);
    const bill = minus((await edge.control({})).bill, before);
    const { name, value } = setCookieOf(answer) ?? assert.fail("no cookie");
    return {
      cookie: `${name}=${value}`,
      reads: bill["KV keys read"] ?? 0,
      writes: bill["KV writes"] ?? 0,
    };
  };
  const first = await billed({});
  const second = await billed({ cookie: first.cookie });
  assert.deepEqual([first.reads, first.writes, second.reads, second.writes], [0, 1, 3, 2]);
  const { rows } = tables(readFileSync(inRoot("docs/storage.md"), "utf8"))[""];
  const row = rows.find(([what]) => what === "login into a cookie that holds a session");
  assert.deepEqual(row.slice(1, 3), [
    "as a login, 1 for one key and 1 for two keys",
    "1 more: the session before ends",
  ]);
});
