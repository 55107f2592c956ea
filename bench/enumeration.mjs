// `npm run bench:enumeration`: can a stranger tell by the clock who has an account? Asks the built Worker in workerd about 500
// addresses that have one and 500 that have none, in random order, with a mail provider that takes 50 ms, and says how
// well the times tell them apart: the area under the ROC curve, 0.5 for not at all. It fails outside 0.45 to 0.55, and when
// two answers differ in a byte. Run it on a quiet machine.
//
//   npm run bench:enumeration -- --only reset      one of reset, register, login
//   npm run bench:enumeration -- --each 200        so many addresses of each kind
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { main } from "../scripts/project/advice.mjs";
import { run } from "../scripts/project/run.mjs";
import { inRoot } from "../scripts/project/root.mjs";
import { node, toolEnv } from "../scripts/project/tools.mjs";
import { setUp } from "../scripts/setup/index.mjs";

const PROVIDER_MS = 50;
const BOUNDS = [0.45, 0.55];
const WARM_UP = 50;
const WORK = {
  reset: (email) => ["/auth/password/reset", { email }],
  register: (email) => ["/auth/register", { email }],
  login: (email) => ["/auth/login", { email, password: "not the password of anybody" }],
};

await main(async () => {
  const { values } = parseArgs({ options: { only: { type: "string" }, each: { type: "string", default: "500" } } });
  const each = Number(values.each);
  const names = values.only ? values.only.split(",") : Object.keys(WORK);
  await setUp();
  const built = await run(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() });
  if (built.code !== 0) return built.code;
  process.env.EDGEGATE_BUILT = "1";

  const [{ startWorkers }, { startProvider }, { ADA, clientOf }] = await Promise.all([
    import("../tests/e2e/workers.mjs"),
    import("../tests/e2e/mail/provider.mjs"),
    import("../tests/e2e/client.mjs"),
  ]);
  let failed = false;
  for (const name of names) {
    // A world of its own for each: what one leaves in the queue must not weigh on the next.
    const provider = await startProvider();
    provider.behave((_request, response) => setTimeout(() => response.end('{"id":"1"}'), PROVIDER_MS));
    const settings = { vars: { ...provider.vars, MAIL_BUDGET: "1000000" }, secrets: provider.secrets };
    const { workers: [edge], stop } = await startWorkers([settings]);
    try {
      await clientOf(edge).logIn(ADA);
      const known = await addUsers(edge, each);
      const unknown = Array.from({ length: each }, (_, n) => address("unknown", n));
      const outcome = await measure(edge, WORK[name], known, unknown);
      failed ||= !outcome.passed;
      console.log(`${name.padEnd(8)} ${outcome.text}`);
      if (name !== "login") {
        for (let n = 0; n < 600 && provider.mails.length < each; n++) await sleep(100);
        console.log(`         mails sent: ${provider.mails.length}`);
      }
    } finally {
      await stop();
      await provider.stop();
    }
  }
  return failed ? 1 : 0;
});

/** Users as a deployment has them: each with a salt of its own, on which Argon2id's time depends a little. */
async function addUsers(edge, count) {
  const emails = Array.from({ length: count }, (_, n) => address("known", n));
  const insert = edge.db.prepare(
    "INSERT INTO users (id, email, email_canonical, password_hash, email_verified_at, created_at, updated_at) VALUES (?, ?2, ?2, ?, 1, 1, 1)",
  );
  const id = (n) => `01920000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
  await edge.db.batch(emails.map((email, n) => insert.bind(id(n), email, hash())));
  return emails;
}

/** Of no password that anybody knows. */
function hash() {
  const base64 = (bytes) => randomBytes(bytes).toString("base64").replaceAll("=", "");
  return `$argon2id$v=19$m=19456,t=2,p=1$${base64(16)}$${base64(32)}`;
}

/** Addresses of one length, so that no length can tell. */
function address(kind, n) {
  return `${createHash("sha256").update(`${kind} ${n}`).digest("hex").slice(0, 16)}@example.com`;
}

async function measure(edge, work, known, unknown) {
  const ask = async (email) => {
    const [path, json] = work(email);
    const begun = performance.now();
    const answer = await edge.fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(json) });
    const body = await answer.text();
    const ms = performance.now() - begun;
    const headers = [...answer.headers].filter(([name]) => !["date", "x-request-id"].includes(name));
    return { ms, bytes: JSON.stringify([answer.status, headers, body]) };
  };
  for (let n = 0; n < WARM_UP; n++) await ask(address("warm up", n));
  const order = shuffled([...known.map((email) => [email, "known"]), ...unknown.map((email) => [email, "unknown"])]);
  const times = { known: [], unknown: [] };
  const answers = new Set();
  for (const [email, kind] of order) {
    const { ms, bytes } = await ask(email);
    times[kind].push(ms);
    answers.add(bytes);
  }
  const auc = areaUnderRoc(times.known, times.unknown);
  const passed = answers.size === 1 && auc >= BOUNDS[0] && auc <= BOUNDS[1];
  const [status] = JSON.parse([...answers][0]);
  const text = [
    `area under the ROC curve ${auc.toFixed(3)}`,
    `median known ${median(times.known).toFixed(2)} ms, unknown ${median(times.unknown).toFixed(2)} ms`,
    answers.size === 1 ? `${order.length} answers, the same ${status} byte for byte` : `${answers.size} DIFFERENT answers`,
    passed ? "passed" : "FAILED",
  ].join("; ");
  return { passed, text };
}

/** How often a known address took longer than an unknown one; ties count half (Mann and Whitney's U, as a share). */
function areaUnderRoc(known, unknown) {
  let longer = 0;
  for (const a of known) for (const b of unknown) longer += a > b ? 1 : a === b ? 0.5 : 0;
  return longer / (known.length * unknown.length);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Fisher and Yates; Math.random is chance enough for an order. */
function shuffled(values) {
  for (let last = values.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [values[last], values[other]] = [values[other], values[last]];
  }
  return values;
}
