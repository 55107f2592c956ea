// `npm run bench:enumeration`: can a stranger find out from response times who has an account?
//
// The bench runs the built Worker in workerd. It sends requests about 500 addresses that have an
// account and 500 addresses that have none, in random order. A simulated mail provider takes 50 ms
// for each mail. Requests that send mail are measured twice: before the service has used up its
// mail budget, and after that.
//
// The result is the area under the ROC curve. It says how well the response times distinguish the
// two kinds of addresses: 0.5 means not at all. The bench fails if this area is below 0.45 or above
// 0.55, if two answers differ in a byte, or if an answer does not have the expected status. Run the
// bench on a machine that does nothing else.
//
// To measure only some of reset, register, resend, login, verify, reauthenticate:
//   npm run bench:enumeration -- --only reset
// To change the number of addresses of each kind:
//   npm run bench:enumeration -- --each 200
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Advice, main } from "../scripts/project/advice.mjs";
import { parsed } from "../scripts/project/arguments.mjs";
import { inRoot } from "../scripts/project/root.mjs";
import { run } from "../scripts/project/run.mjs";
import { node, toolEnv } from "../scripts/project/tools.mjs";
import { setUp } from "../scripts/setup/index.mjs";

const PROVIDER_MS = 50;
const BOUNDS = [0.45, 0.55];
const WARM_UP = 50;
const WRONG = "not the password of anybody";

/**
 * For each kind of request: how the request is made for an address, and the status that the answer
 * must have for every address. `mails` marks requests that send mail. With `verified: false`, the
 * "known" accounts have an address that is not verified yet.
 *
 * `verify`: a stranger can't have the link that was mailed to somebody else. So the bench sends a
 * forged link. It contains the ID of an existing user ("known") or an ID that no user has
 * ("unknown").
 *
 * `reauthenticate`: the request has no address, because it is about the account of the user who is
 * signed in. All passwords that the bench sends are wrong. The response time must not reveal how
 * similar a wrong password is to the right one. So each "known" address stands for a password that
 * differs from the right one only in the last character, and each "unknown" address for a password
 * that is not similar to the right one.
 */
const WORK = {
  reset: { path: "/auth/password/reset", body: (email) => ({ email }), status: 202, mails: true },
  register: { path: "/auth/register", body: (email) => ({ email }), status: 202, mails: true },
  resend: {
    path: "/auth/email/resend",
    body: (email) => ({ email }),
    status: 202,
    mails: true,
    verified: false,
  },
  login: { path: "/auth/login", body: (email) => ({ email, password: WRONG }), status: 401 },
  verify: {
    path: "/auth/email/verify",
    body: (_email, kind, n) => ({ token: forgedLink(kind, n), password: WRONG }),
    status: 400,
  },
  reauthenticate: {
    path: "/auth/reauthenticate",
    body: (_email, kind) => ({ password: kind === "known" ? `${PASSWORD.slice(0, -1)}!` : WRONG }),
    status: 401,
    isBearer: true,
  },
};
const PASSWORD = "correct horse battery staple";
// How many mails the service may send in an hour. The first mail uses up the budget `spent`.
const BUDGETS = { full: "1000000", spent: "1" };

await main(async () => {
  const { values } = parsed(
    {
      options: { only: { type: "string" }, each: { type: "string", default: "500" } },
    },
    "use it as `npm run bench:enumeration -- --only reset,login --each 200`; both options may be left out",
  );
  const each = Number(values.each);
  const names = values.only ? values.only.split(",") : Object.keys(WORK);
  const unknownNames = names.filter((name) => !Object.hasOwn(WORK, name));
  if (unknownNames.length > 0)
    throw new Advice(
      `nothing is called ${unknownNames.join(", ")}: there are ${Object.keys(WORK).join(", ")}.`,
    );
  const runs = names.flatMap((name) =>
    Object.keys(BUDGETS)
      .filter((budget) => WORK[name].mails || budget === "full")
      .map((budget) => [name, budget]),
  );
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
  for (const [name, budget] of runs) {
    const work = WORK[name];
    // Each measurement gets a new service and a new mail provider. Otherwise mails that are still
    // in a queue would slow down the next measurement.
    const provider = await startProvider();
    provider.behave((_request, response) =>
      setTimeout(() => response.end('{"id":"1"}'), PROVIDER_MS),
    );
    const settings = {
      vars: { ...provider.vars, MAIL_BUDGET: BUDGETS[budget] },
      secrets: provider.secrets,
    };
    const {
      workers: [edge],
      stop,
    } = await startWorkers([settings]);
    try {
      const { access_token } = await clientOf(edge).logIn(ADA);
      const known = await addUsers(edge, each, work.verified ?? true);
      const unknown = Array.from({ length: each }, (_, n) => address("unknown", n));
      if (budget === "spent") await spend(edge, provider, ADA);
      const outcome = await measure(
        edge,
        work,
        work.isBearer ? access_token : null,
        known,
        unknown,
      );
      failed ||= !outcome.passed;
      console.log(
        `${(work.mails ? `${name}, budget ${budget}` : name).padEnd(22)} ${outcome.text}`,
      );
      if (work.mails && budget === "full") {
        for (let n = 0; n < 600 && provider.mails.length < each; n++) await sleep(100);
        console.log(`${"".padEnd(22)} mails sent: ${provider.mails.length}`);
      }
    } finally {
      await stop();
      await provider.stop();
    }
  }
  return failed ? 1 : 0;
});

/**
 * Adds users. As in a real deployment, each user's password hash has its own salt: the time of
 * Argon2id depends a little on the salt, and with one salt for all users the bench would measure
 * the time of this salt.
 */
async function addUsers(edge, count, verified) {
  const emails = Array.from({ length: count }, (_, n) => address("known", n));
  const insert = edge.db.prepare(
    "INSERT INTO users (id, email, email_canonical, password_hash, email_verified_at, created_at, updated_at) VALUES (?1, ?2, ?2, ?3, ?4, 1, 1)",
  );
  await edge.db.batch(
    emails.map((email, n) => insert.bind(idOf("known", n), email, hash(), verified ? 1 : null)),
  );
  return emails;
}

/**
 * Uses up the mail budget `spent` (one mail): asks for a mail to reset a password, and waits until
 * the provider has accepted it.
 */
async function spend(edge, provider, email) {
  await edge.fetch("/auth/password/reset", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email }),
  });
  for (let n = 0; n < 100 && provider.mails.length === 0; n++) await sleep(100);
  if (provider.mails.length === 0)
    throw new Advice("the mail that should spend the budget did not go out.");
}

/** The ID of the `n`th existing user if `kind` is "known", otherwise an ID that no user has. */
function idOf(kind, n) {
  return `01920000-0000-7000-${kind === "known" ? "8" : "9"}000-${n.toString(16).padStart(12, "0")}`;
}

/**
 * The ticket of a forged link. It has the format that the service would make for this user, but its
 * MAC is wrong.
 */
function forgedLink(kind, n) {
  const id = Buffer.from(idOf(kind, n).replaceAll("-", ""), "hex");
  const expiry = Buffer.alloc(8);
  expiry.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000) + 3600));
  return `egl_${Buffer.concat([Buffer.from([1, 0]), id, randomBytes(16), expiry, randomBytes(32)]).toString("base64url")}`;
}

/** The hash of a password that nobody knows. */
function hash() {
  const base64 = (bytes) => randomBytes(bytes).toString("base64").replaceAll("=", "");
  return `$argon2id$v=19$m=19456,t=2,p=1$${base64(16)}$${base64(32)}`;
}

/**
 * The `n`th email address of this kind. All addresses have the same length, so that the length has
 * no effect on the response time.
 */
function address(kind, n) {
  return `${createHash("sha256").update(`${kind} ${n}`).digest("hex").slice(0, 16)}@example.com`;
}

async function measure(edge, work, token, known, unknown) {
  const ask = async (email, kind, n) => {
    const headers = {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const body = JSON.stringify(work.body(email, kind, n));
    const begun = performance.now();
    const answer = await edge.fetch(work.path, { method: "POST", headers, body });
    const text = await answer.text();
    const ms = performance.now() - begun;
    const told = [...answer.headers].filter(([name]) => !["date", "x-request-id"].includes(name));
    return { ms, bytes: JSON.stringify([answer.status, told, text]) };
  };
  for (let n = 0; n < WARM_UP; n++) await ask(address("warm up", n), "unknown", n);
  const order = shuffled([
    ...known.map((email, n) => [email, "known", n]),
    ...unknown.map((email, n) => [email, "unknown", n]),
  ]);
  const times = { known: [], unknown: [] };
  const answers = new Set();
  for (const [email, kind, n] of order) {
    const { ms, bytes } = await ask(email, kind, n);
    times[kind].push(ms);
    answers.add(bytes);
  }
  const auc = areaUnderRoc(times.known, times.unknown);
  const [status] = JSON.parse([...answers][0]);
  const passed =
    answers.size === 1 && status === work.status && auc >= BOUNDS[0] && auc <= BOUNDS[1];
  const text = [
    `area under the ROC curve ${auc.toFixed(3)}`,
    `median known ${median(times.known).toFixed(2)} ms, unknown ${median(times.unknown).toFixed(2)} ms`,
    answers.size === 1
      ? `${order.length} answers, the same ${status} byte for byte`
      : `${answers.size} DIFFERENT answers`,
    ...(status === work.status ? [] : [`the status should be ${work.status}`]),
    passed ? "passed" : "FAILED",
  ].join("; ");
  return { passed, text };
}

/**
 * The area under the ROC curve. To compute it, each known address is paired with each unknown
 * address. The result is the share of the pairs in which the known address took longer; a pair with
 * equal times counts as one half. (This is Mann and Whitney's U, divided by the number of pairs.)
 */
function areaUnderRoc(known, unknown) {
  let longer = 0;
  for (const a of known) for (const b of unknown) longer += a > b ? 1 : a === b ? 0.5 : 0;
  return longer / (known.length * unknown.length);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * Shuffles a list in place by the method of Fisher and Yates. Math.random is good enough for the
 * order of requests.
 */
function shuffled(values) {
  for (let last = values.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [values[last], values[other]] = [values[other], values[last]];
  }
  return values;
}
