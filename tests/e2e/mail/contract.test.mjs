// The real Worker sends mails with each mail provider. A server on this machine acts as the
// provider, except for cloudflare-binding. The server checks every request against the provider's
// own API description. It gives answers that the provider documents, and simulates failures of the
// network.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, clientOf } from "../client.mjs";
import { eventually, startWorkers } from "../workers.mjs";
import { FROM, KEY, startVendor, VENDORS } from "./vendors.mjs";

const MAIL_FROM = `${FROM.name} <${FROM.email}>`;
// In seconds: PAUSE is the pause before the first retry of a mail (MAIL_RETRIES), and TIMEOUT is
// the time after which the Worker stops waiting for the provider (MAIL_TIMEOUT_MS).
const PAUSE = 10;
const TIMEOUT = 10;
// The number of seconds that a test waits in addition, because the machine might be busy.
const PATIENCE = 60;

// Failures of the network between the Worker and any provider.
const NETWORK = [
  [{ cut: "before" }, "later", /^no answer: /],
  [
    { status: 200, cut: "within", headers: { "content-length": "1000" }, body: "<html>" },
    "later",
    /^no answer: /,
  ],
  [
    { status: 302, headers: { location: "/elsewhere" } },
    "later",
    /^302: a redirect, which is not followed$/,
  ],
  [
    { status: 307, headers: { location: "/elsewhere" } },
    "later",
    /^307: a redirect, which is not followed$/,
  ],
  [
    { status: 500, body: "<h1>Internal Server Error</h1>" },
    "later",
    /^500: <h1>Internal Server Error<\/h1>$/,
  ],
  [{ status: 503, body: "x ".repeat(100_000) }, "later", /^503: (x ){147}x?$/],
];

test("mail providers", { concurrency: true }, async (t) => {
  await Promise.all(Object.keys(VENDORS).map((name) => t.test(name, (t) => tryVendor(name, t))));
  await t.test("cloudflare-binding", tryBinding);
});

async function tryVendor(name, t) {
  const vendor = await startVendor(name);
  const vars = { MAIL_PROVIDER: name, MAIL_API_URL: vendor.url, MAIL_FROM };
  const edge = await startWorkers([{ vars, secrets: { MAIL_API_KEY: KEY } }]);
  try {
    const [worker] = edge.workers;
    const client = clientOf(worker);
    const mails = () => edge.logs().filter(({ event }) => event === "mail");
    // Send the mails one after the other. So the next new job in the log belongs to the mail that
    // was sent last.
    const jobs = new Set();
    const outcomeOf = async (ask) => {
      assert.equal((await ask()).status, 202);
      const line = await eventually(
        () => mails().find(({ job }) => !jobs.has(job)),
        TIMEOUT + PATIENCE,
      );
      jobs.add(line.job);
      return line;
    };
    const mailTo = (email) => outcomeOf(() => client.post("/auth/register", { json: { email } }));

    const slow = ["silent@example.com"];
    vendor.answerTo(slow[0], { wait: (TIMEOUT + 3) * 1000 });
    if (name === "resend") {
      slow.push("slow@example.com");
      vendor.answerTo(slow[1], { ...VENDORS.resend.sent, early: true, wait: (TIMEOUT + 3) * 1000 });
    }
    for (const email of slow) {
      const { outcome, reason } = await mailTo(email);
      assert.equal(outcome, "later");
      assert.match(reason, /^no answer: .*timeout/);
      t.diagnostic(`no whole answer within ${TIMEOUT} s → later (${reason})`);
    }

    const reset = await outcomeOf(() =>
      client.post("/auth/password/reset", { json: { email: ADA } }),
    );
    assert.deepEqual([reset.outcome, reset.reason], ["sent", undefined]);
    const call = await vendor.call(ADA);
    assert.deepEqual(call.problems, []);
    t.diagnostic(
      `POST ${VENDORS[name].path}: body, headers and credential are as ${name} describes them`,
    );

    for (const [given, sent] of [
      ["ada@bücher.example", "ada@xn--bcher-kva.example"],
      ["o'brien+a=b&c@example.com", "o'brien+a=b&c@example.com"],
      [
        `${"a".repeat(64)}@${"b.".repeat(90)}example`,
        `${"a".repeat(64)}@${"b.".repeat(90)}example`,
      ],
    ]) {
      assert.equal((await mailTo(given)).outcome, "sent");
      await vendor.call(sent);
    }

    const later = [];
    for (const [index, [answer, outcome, reason]] of [
      ...VENDORS[name].answers,
      ...NETWORK,
    ].entries()) {
      const email = `answer-${index}@example.com`;
      vendor.answerTo(email, answer);
      const line = await mailTo(email);
      const what = JSON.stringify(answer).slice(0, 200);
      assert.equal(line.outcome, outcome, `${what}: ${line.reason}`);
      if (outcome !== "sent")
        assert.match(line.reason, reason ?? new RegExp(`^${answer.status}: `), what);
      if (outcome === "later") later.push(email);
      t.diagnostic(
        `${answer.cut ? `cut ${answer.cut} the answer` : what} → ${outcome}${line.reason ? ` (${line.reason.slice(0, 80)})` : ""}`,
      );
    }
    const limited = "limited@example.com";
    vendor.answerTo(limited, { status: 429, headers: { "retry-after": `${PAUSE + 3}` } });
    const byDate = "by-date@example.com";
    vendor.answerTo(byDate, {
      status: 429,
      headers: { "retry-after": new Date(Date.now() + (PAUSE + 6) * 1000).toUTCString() },
    });
    assert.equal((await mailTo(limited)).outcome, "later");
    assert.equal((await mailTo(byDate)).outcome, "later");

    // The shortest pauses that are correct. For `limited`, the provider asks for a number of
    // seconds. For `byDate` it sends a date. The date has only whole seconds, and some time passes
    // between the computation of the date and the request for the mail. Therefore the pause for
    // `byDate` can be some seconds shorter.
    const atLeast = { [limited]: PAUSE + 3, [byDate]: PAUSE + 1 };

    // Now the provider accepts mails again. Every postponed mail arrives. If the provider takes an
    // idempotency key, the mail still has the same key.
    for (const email of [...later, limited, byDate, ...slow]) {
      const [first, second] = [
        await vendor.call(email),
        await vendor.call(email, 1, PAUSE + PATIENCE),
      ];
      assert.deepEqual(second.problems, []);
      assert.equal(second.key, first.key);
      const waited = (second.at - first.at) / 1000;
      assert.ok(waited >= (atLeast[email] ?? PAUSE) - 0.5, `${email} after ${waited} s`);
    }
    const keys = vendor.calls.map(({ key }) => key);
    if (VENDORS[name].key)
      assert.equal(
        new Set(keys).size,
        new Set(vendor.calls.map(({ to }) => to)).size,
        "a key for each mail",
      );
    t.diagnostic(
      `${later.length + 2 + slow.length} mails that were put off came again${VENDORS[name].key ? " with the same idempotency key" : ""}`,
    );

    const problems = vendor.calls.flatMap(({ problems }) => problems);
    assert.deepEqual(problems, []);
    const logged = JSON.stringify(edge.logs());
    for (const secret of [
      KEY,
      Buffer.from(`api:${KEY}`).toString("base64"),
      "egl_",
      "answer-",
      ADA,
      "o'brien",
    ]) {
      assert.ok(!logged.includes(secret), `${secret} is in the log`);
    }
  } finally {
    await edge.stop();
    await vendor.stop();
  }
}

async function tryBinding(t) {
  const email = [{ name: "EMAIL" }];
  const edge = await startWorkers([
    { vars: { MAIL_PROVIDER: "cloudflare-binding", MAIL_FROM }, email },
  ]);
  try {
    const [worker] = edge.workers;
    const client = clientOf(worker);
    const jobs = new Set();
    const outcome = async (fail) => {
      await worker.control({ fail: { "mail send": { times: 1, ...fail } } });
      assert.equal(
        (await client.post("/auth/password/reset", { json: { email: ADA } })).status,
        202,
      );
      const line = await edge.logged(({ event, job }) => event === "mail" && !jobs.has(job));
      jobs.add(line.job);
      return line;
    };
    assert.deepEqual((({ outcome, reason }) => [outcome, reason])(await outcome({ times: 0 })), [
      "sent",
      undefined,
    ]);
    const [mail] = (await worker.control({})).mails;
    const { text, html, subject, headers, ...addresses } = mail;
    assert.deepEqual(addresses, { from: { email: FROM.email, name: FROM.name }, to: ADA });
    const { request_id } = edge.logs().find(({ event }) => event === "mail");
    assert.deepEqual(headers, {
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      "X-Request-Id": request_id,
    });
    assert.ok(text.includes("#egl_") && html.includes("#egl_") && subject !== "");
    t.diagnostic("the local simulator of send_email took the mail");
    for (const [code, expected] of [
      ["E_RECIPIENT_SUPPRESSED", "undeliverable"],
      ["E_VALIDATION_ERROR", "dead"],
      ["E_SENDER_NOT_VERIFIED", "later"],
      ["E_RATE_LIMIT_EXCEEDED", "later"],
      [undefined, "later"],
    ]) {
      const line = await outcome({ code, error: `something about ${ADA}` });
      assert.equal(line.outcome, expected, code);
      assert.equal(line.reason, `${code ?? ""}: something about _`);
      t.diagnostic(`${code} → ${expected}`);
    }
  } finally {
    await edge.stop();
  }
}
