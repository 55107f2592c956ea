// `npm run bench:operations`: computes what Cloudflare would bill for an operation (such as one
// login, one renewal or one check) of the services that edgegate is compared with. It counts how
// often an operation calls the bindings in workerd. It also measures the processor time of each
// operation, including those of edgegate. docs/operations.md has the results in its table of the
// other services.
import { readFileSync } from "node:fs";
import { helpIfAsked, main } from "../scripts/project/advice.mjs";
import { inRoot } from "../scripts/project/root.mjs";
import { run } from "../scripts/project/run.mjs";
import { node, toolEnv } from "../scripts/project/tools.mjs";
import * as benchPackages from "../scripts/setup/bench-packages.mjs";
import { setUp } from "../scripts/setup/index.mjs";
import { processorTime, withPid } from "./process.mjs";

const COLUMNS = [
  "Worker requests",
  "KV keys read",
  "KV writes",
  "KV deletes",
  "KV lists",
  "D1 statements",
  "D1 rows read",
  "D1 rows written",
  "log lines",
];
const COUNTED = 4;
/**
 * This many requests are timed together, because the clock of /proc only counts hundredths of a
 * second.
 */
const TIMED = 40;

await main(async () => {
  helpIfAsked("Use it as `npm run bench:operations`, without arguments. It takes two minutes.");
  await setUp();
  await setUp([benchPackages]);
  const built = await run(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() });
  if (built.code !== 0) return built.code;
  process.env.EDGEGATE_BUILT = "1";
  const peers = await import("./subjects/peers.mjs");
  const { startEdgegate } = await import("./subjects/edgegate.mjs");
  const { makeKeys } = await import("./subjects/tokens.mjs");

  const metered = async (name) => ({ modules: modules(await peers.bundleOf(name)) });
  const betterAuth = await metered("better-auth");
  const rows = [["act", "with", ...COLUMNS, "CPU, ms"]];
  const count = async (name, starting, works) => {
    const subject = await withPid(starting);
    try {
      for (const [title, work] of Object.entries(works)) {
        console.error(`${name}: ${title} …`);
        const act = work === "signIn" ? subject.signIn : await actOf(subject, work);
        await act();
        const before = await bill(subject.url);
        for (let n = 0; n < COUNTED; n += 1) await act();
        const after = await bill(subject.url);
        const spent = COLUMNS.map((what) => ((after[what] ?? 0) - (before[what] ?? 0)) / COUNTED);
        rows.push([
          title,
          name,
          ...spent.map((amount) => amount || ""),
          await processorTimeOf(subject.pid, act),
        ]);
      }
    } finally {
      await subject.stop();
    }
  };
  await count("better-auth", () => peers.startBetterAuth(betterAuth), {
    "log in": "login",
    "check, looked up": "check-session",
    "check, nothing looked up": "check-eddsa-repeated",
    "log out": "revoke",
    "reset link": "reset",
  });
  await count("better-auth", () => peers.startBetterAuth({ renews: true, ...betterAuth }), {
    renewal: "renew",
  });
  const openauth = await metered("openauth");
  await count("openauth", () => peers.startOpenAuth(openauth), {
    "log in": "login",
    renewal: "renew",
    "check, nothing looked up": "check-es256-repeated",
  });
  const oauthProvider = await metered("workers-oauth-provider");
  await count("workers-oauth-provider", () => peers.startWorkersOAuthProvider(oauthProvider), {
    "log in": "signIn",
    renewal: "renew",
    "check, looked up": "check-session",
    "log out": "revoke",
  });
  // edgegate is run here only to measure its processor time. tests/e2e/operations.test.mjs counts
  // its calls of the bindings.
  const { HS256: _shared, ...keys } = makeKeys();
  for (const store of ["kv", "durable"]) {
    await count(`edgegate, ${store}`, () => startEdgegate({ keys, store }), {
      "log in": "login",
      "renewal, kept": "renew",
      check: "check-eddsa-repeated",
      "log out": "revoke",
      "reset link": "reset",
    });
  }
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  return 0;
});

function modules(bundle) {
  const module = (path, contents) => ({ type: "ESModule", path, contents });
  const ours = (path) => readFileSync(inRoot(path), "utf8");
  return [
    module("metered.mjs", ours("bench/subjects/metered.mjs")),
    ...["meter.mjs", "through.mjs"].map((name) =>
      module(name, ours(`tests/e2e/slow-storage/${name}`)),
    ),
    module("index.js", bundle),
  ];
}

/** Makes a function that sends one request of this kind of work each time it is called. */
async function actOf({ url, works }, work) {
  const client = (await works[work]())(0);
  return async () => {
    const { path, ...init } = client.next();
    const answer = await fetch(new URL(path, url), { ...init, redirect: "manual" });
    const body = await answer.text();
    if (answer.status >= 400) throw new Error(`${work}: ${answer.status} ${body}`);
    client.seen?.({ status: answer.status, body });
  };
}

async function bill(url) {
  const answer = await fetch(new URL("/bench/bill", url));
  return answer.ok ? answer.json() : {};
}

async function processorTimeOf(pid, act) {
  const before = processorTime(pid);
  for (let n = 0; n < TIMED; n += 1) await act();
  return before === undefined ? "" : ((Number(processorTime(pid)) - before) / TIMED).toFixed(1);
}
