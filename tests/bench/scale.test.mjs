// docs/scale.md shows exactly the numbers that the program in bench/scale computes. The program
// takes its inputs from docs/operations.md and from files in bench/scale. Tests below check some
// of these inputs against the code and the settings.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { marked } from "../../bench/marked.mjs";
import { bytesPerUser } from "../../bench/scale/bytes.mjs";
import { monthOf, peakOf, storedBy, usersAt } from "../../bench/scale/capacity.mjs";
import { capacityParts, DOCUMENT, documented, modelOf } from "../../bench/scale/document.mjs";
import {
  BYTES,
  GB,
  LIMITS,
  LOOKED_UP,
  OF_ONE,
  PLAN_DOLLARS,
  STORAGE,
  USE,
} from "../../bench/scale/facts.mjs";
import { people, short } from "../../bench/scale/format.mjs";
import { CACHING, LATENCIES } from "../../bench/scale/latencies.mjs";
import { OPTIONS, own } from "../../bench/scale/own.mjs";
import { hasCopy, storesOf } from "../../bench/scale/stores.mjs";
import { inRoot } from "../../scripts/project/root.mjs";

const text = (path) => readFileSync(inRoot(path), "utf8");
const near = (found, right, share = 1e-9) =>
  assert.ok(Math.abs(found - right) <= share * right, `${found}, not ${right}`);
const model = modelOf();
const storeOf = (name) => model.stores.find((store) => store.name === name) ?? assert.fail(name);

let computed;
before(() => {
  computed = documented(model);
});

test("the tables of docs/scale.md are what the program computes", () => {
  const document = text(DOCUMENT);
  for (const [name, part] of Object.entries(computed.parts))
    assert.equal(marked(document, name), part, `${name}: run \`npm run bench:scale\``);
  const written = [...document.matchAll(/<!-- ([a-z ]+): written by a program -->/g)];
  assert.deepEqual(
    written.map(([, name]) => name).sort(),
    Object.keys(computed.parts).sort(),
    "every part has a program",
  );
  assert.ok(document.includes(`looked up on ${LOOKED_UP}`));
  // Parts of the document are written by the program. Only these parts may say which store is
  // planned, or which store is listed for comparison. The sentences that people write must not say
  // it.
  const byHand = Object.keys(computed.parts).reduce(
    (text, name) => text.replace(marked(document, name), ""),
    document,
  );
  assert.doesNotMatch(byHand, /\bplanned|for comparison/);
});

test("the plots of docs/scale.md are drawn from the same numbers", () => {
  const document = text(DOCUMENT);
  for (const [path, plot] of Object.entries(computed.plots)) {
    assert.equal(text(path), plot, `${path}: run \`npm run bench:scale\``);
    assert.ok(document.includes(`(${path.replace("docs/", "")})`));
  }
});

// Of a million users, 100,000 are active on each day. Each active user renews 6 times, has 1,200
// tokens checked, and signs in on one day in ten. The expected values are rates per second at the
// peak of the day. The peak is three times the mean rate of the day.
test("a million users ask what one computes by hand", () => {
  const noCopy = model.stores.findLast((store) => !hasCopy(store)) ?? assert.fail();
  const [kv, durable] = [storeOf("kv"), noCopy].map((store) => peakOf(1e6, store, USE));
  const perSecond = (daily) => (daily * 3) / 86_400;
  const [renewals, checks, logins, resets] = [600_000, 120_000_000, 10_000, 1_000].map(perSecond);
  near(kv["Worker requests"], renewals + checks + logins + 2 * resets);
  near(kv["KV writes"], renewals + logins);
  // A renewal of a session reads two keys. A check of an access token reads two keys too. After one
  // login in eight, the service counts the user's sessions. Here this count reads three keys.
  near(kv["KV keys read"], 2 * renewals + 2 * checks + (3 / 8) * logins);
  near(kv["D1 statements"], renewals + logins + 4 * resets);
  near(durable["D1 statements"], kv["D1 statements"]);
  // Calls to Durable Objects: a login makes one call, and the later removal of its session makes
  // another. A renewal of a session and a check of an access token make one call each. A request
  // for a mail makes one call to the mail gate, the object that limits mails.
  near(durable["object calls"], 2 * logins + renewals + checks + resets);
  assert.equal(durable["KV writes"], 0);
});

test("with the copy only the first renewal of a day asks D1", () => {
  const copy = model.stores.find((store) => store.name !== "kv" && hasCopy(store)) ?? assert.fail();
  const peak = peakOf(1e6, copy, USE);
  near(peak["D1 statements"], ((100_000 + 10_000 + 4 * 1_000) * 3) / 86_400);
  assert.equal(copy.bills.renewal["D1 statements"], 0);
});

test("when docs/operations.md counts renewals without D1, durable without copies is compared", () => {
  const operations = structuredClone(model.cost.operations);
  const { durable } = operations;
  const kept = { "Worker requests": 1, "object calls": 1, "object rows read": 2 };
  durable["renewal, kept"] = kept;
  durable.renewal = { ...kept, "object rows read": 3, "object rows written": 2 };
  const first = { ...kept, "D1 statements": 1, "object calls": 2, "object rows written": 1 };
  durable["renewal without a copy"] = first;
  const [, second, third] = storesOf({ operations });
  assert.deepEqual([second.name, second.note], ["durable", undefined]);
  assert.deepEqual([third.name, third.note], ["durable, no copy", "for comparison"]);
  assert.equal(third.bills.renewal["D1 statements"], 1);
  // This renewal also rotates the token. The rotation reads one more row and writes two more rows.
  assert.deepEqual(second.bills["first renewal of a day"], {
    "Worker requests": 1,
    "D1 statements": 1,
    "object calls": 2,
    "object rows read": 3,
    "object rows written": 3,
  });
  delete durable["renewal without a copy"];
  assert.throws(() => storesOf({ operations }), /needs a row "renewal without a copy"/);
});

test("a bill is its units times their prices, without what a month includes", () => {
  const units = Object.keys(model.cost.prices);
  const cost = {
    assumed: {
      "CPU of a login, ms": 50,
      "CPU of any other request, ms": 2,
      "an object's time awake for a call, ms": 0,
    },
    prices: {
      ...Object.fromEntries(units.map((unit) => [unit, 0])),
      "Worker requests": 1,
      "CPU ms": 10,
    },
    included: { ...Object.fromEntries(units.map((unit) => [unit, 0])), "Worker requests": 45_000 },
  };
  const bills = {
    "log in": { "Worker requests": 1 },
    renewal: { "Worker requests": 1 },
    "first renewal of a day": { "Worker requests": 1 },
    check: { "Worker requests": 1 },
    "reset link": { "Worker requests": 1 },
  };
  const use = {
    ...USE,
    activeShare: 1,
    activeMinutes: 10,
    minutesBetweenRenewals: 5,
    checksPerMinute: 1,
    loginsPerActiveDay: 1,
    resetsPerLogin: 1,
  };
  // On each day, 100 users sign in 100 times, renew 200 times, check 1,000 times and request 100
  // links. In thirty days this makes 42,000 requests. They cost nothing, because the plan includes
  // 45,000 requests.
  const store = { name: "kv", bills, plans: {} };
  const facts = { storage: STORAGE, plan: PLAN_DOLLARS, gb: GB, bytes: BYTES };
  const month = monthOf(100, store, { use, cost, facts });
  // The CPU time of one day: 100 logins of 50 ms each, and 1,300 other requests of 2 ms each. A
  // million milliseconds of CPU time cost $10.
  near(month.byAct["log in"], (100 * 50 * 30 * 10) / 1e6);
  near(month.byAct.check, (1_000 * 2 * 30 * 10) / 1e6);
  near(month.together, ((5_000 + 2_600) * 30 * 10) / 1e6 + PLAN_DOLLARS);
  near(month.verified, ((5_000 + 600) * 30 * 10) / 1e6 + PLAN_DOLLARS);
  // Twice as many users make 84,000 requests. Cloudflare bills 39,000 of them.
  const twice = monthOf(200, store, { use, cost, facts });
  near(twice.together, 2 * (month.together - PLAN_DOLLARS) + 39_000 / 1e6 + PLAN_DOLLARS);
});

test("stored gigabytes above the included ones are billed", () => {
  const facts = { storage: STORAGE, plan: PLAN_DOLLARS, gb: GB, bytes: BYTES };
  const { use, cost } = model;
  const { storage } = monthOf(1e8, storeOf("durable"), { use, cost, facts });
  const [d1, objects] = [(1e8 * BYTES["user in D1"]) / 1e9, (1e8 * BYTES["user's object"]) / 1e9];
  near(storage, (d1 - 5) * 0.75 + (objects - 5) * 0.2);
  assert.equal(storedBy(1e8, storeOf("durable"), { use, bytes: BYTES, gb: GB }).KV, 0);
});

test("a limit is reached by exactly the users that the table names", () => {
  for (const limit of LIMITS) {
    for (const store of model.stores) {
      const users = usersAt(limit, store, { use: USE, bytes: BYTES });
      if (!Number.isFinite(users)) continue;
      const peak = peakOf(users, store, USE)[limit.unit];
      const mean = (peak ?? 0) / USE.peak;
      const stored = storedBy(users, store, { use: USE, bytes: BYTES, gb: 1 });
      const amount = {
        second: peak,
        hour: peak * 3_600,
        day: mean * 86_400,
        total: stored[limit.unit.replace("bytes in ", "")],
      }[limit.a];
      near(amount, limit.amount, 1e-6);
    }
  }
});

test("the limits of the settings are those of wrangler.toml and the code", () => {
  const toml = text("wrangler.toml");
  const ofBinding = (name) =>
    Number(
      new RegExp(`name = "${name}"[\\s\\S]*?limit = ([\\d_]+)[\\s\\S]*?period = 60`)
        .exec(toml)?.[1]
        .replaceAll("_", ""),
    );
  const [ip, renewals] = OF_ONE;
  assert.equal(ip.amount, ofBinding("IP_LIMITER") / 60);
  assert.equal(renewals.amount, ofBinding("RENEWAL_LIMITER") / 60);
  const policy = text("src/domain/policy.rs");
  const constant = (name) => Number(new RegExp(`const ${name}: u64 = (\\d+);`).exec(policy)?.[1]);
  assert.equal(CACHING.kv, constant("REVOCATION_CACHE_TTL"));
  assert.equal(CACHING.isolate, constant("REVOCATION_MEMORY_TTL"));
  const budget = Number(/^MAIL_BUDGET = "(\d+)"/m.exec(toml)?.[1]);
  const share = Number(/RESET_SHARES: \[u64; 3\] = \[(\d+),/.exec(policy)?.[1]);
  const { amount } = LIMITS.find(({ limit }) => limit.includes("MAIL_BUDGET")) ?? assert.fail();
  assert.equal(amount, (budget * share) / 100);
});

test("every limit, price and latency names its source", () => {
  const sources = [...LIMITS, ...OF_ONE, ...Object.values(STORAGE)].map(({ source }) => source);
  for (const source of sources) assert.match(source, /^(https:\/\/|[a-z-]+\.md#)/);
  for (const { source } of Object.values(LATENCIES)) assert.match(source, /assum|\]\(https:\/\//);
});

test("a user takes the bytes in D1 that the document computes with", () => {
  const { user, address } = bytesPerUser(20_000);
  near(user, BYTES["user in D1"], 0.02);
  near(address, BYTES["address in an index"], 0.02);
});

test("your own numbers replace those of the document, and bad ones are named", () => {
  const given = { users: "250000", "active-share": "0.3", "checks-per-minute": "0" };
  const { use, sizes } = own(given);
  assert.deepEqual([use, sizes], [{ activeShare: 0.3, checksPerMinute: 0 }, [250_000]]);
  assert.match(capacityParts(modelOf({ use, sizes })).peak, /\| checks \| all \| 0 \|/);
  for (const option of Object.keys(OPTIONS))
    for (const bad of ["", " ", "x", "-1", "NaN", "1e99", "Infinity"])
      assert.throws(() => own({ [option]: bad }), new RegExp(`--${option} must be a number`));
});

test("the smallest and the largest numbers give no table with a hole", () => {
  const extremes = [
    { activeShare: 0.0001, activeMinutes: 0, checksPerMinute: 0, loginsPerActiveDay: 0 },
    { activeShare: 1, activeMinutes: 1_440, minutesBetweenRenewals: 0.1, checksPerMinute: 1e6 },
    { activeMinutes: 5, minutesBetweenRenewals: 1_440, resetsPerLogin: 0, sessionsPerUser: 0 },
  ];
  for (const use of extremes) {
    const text = Object.values(capacityParts(modelOf({ use, sizes: [1, 1e12] }))).join("\n");
    assert.doesNotMatch(text, /NaN|Infinity|undefined|-\d/);
  }
});

test("numbers are written with two or three digits", () => {
  assert.deepEqual([0, 0.0207, 4.187, 21.35, 837_512.4].map(short), [
    "0",
    "0.021",
    "4.2",
    "21.4",
    "838,000",
  ]);
  assert.deepEqual([829.2, 1_000, 25_974_026, 1e9].map(people), [
    "829",
    "1 thousand",
    "26 million",
    "1 billion",
  ]);
});
