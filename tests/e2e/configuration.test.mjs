import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, clientOf, PASSWORD, untilLimited } from "./client.mjs";
import { startWorker, TEST_SECRETS } from "./harness.mjs";

const ROUTES = [
  ["GET", "/healthz"],
  ["POST", "/auth/login"],
  ["POST", "/auth/token"],
  ["GET", "/.well-known/jwks.json"],
  ["GET", "/auth/nothing"],
];

const logText = (edge) => JSON.stringify(edge.logs());

test("a missing, weak or unknown setting: 500 misconfigured on every route, the setting's name in the log", async (t) => {
  const published =
    '{"keys":[{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}';
  for (const [
    what,
    setting,
    options,
  ] of /** @type {[string, string, Parameters<typeof startWorker>[0]][]} */ ([
    ["no keys", "SIGNING_KEYS", { secrets: { SIGNING_KEYS: undefined } }],
    ["an example key", "SIGNING_KEYS", { secrets: { SIGNING_KEYS: published } }],
    ["a short ticket secret", "TICKET_SECRET", { secrets: { TICKET_SECRET: "c2hvcnQtc2VjcmV0" } }],
    ["no ticket secret", "TICKET_SECRET", { secrets: { TICKET_SECRET: undefined } }],
    ["an unknown mail provider", "MAIL_PROVIDER", { vars: { MAIL_PROVIDER: "smtp" } }],
    [
      "a mail provider without its key",
      "MAIL_API_KEY",
      { vars: { MAIL_PROVIDER: "resend", MAIL_FROM: "login@example.com" } },
    ],
    [
      "the outbox of another's mail",
      "MAIL_PROVIDER",
      { vars: { ISSUER: "https://auth.example.com", LIMITS: "on", MAIL_PROVIDER: "outbox" } },
    ],
    ["an unknown store", "SESSION_STORE", { vars: { SESSION_STORE: "redis" } }],
    ["too eager a rotation", "ROTATE_AFTER", { vars: { ROTATE_AFTER: "60" } }],
    ["an empty secret", "TURNSTILE_SECRET", { secrets: { TURNSTILE_SECRET: "" } }],
    ["a number instead of a text", "ACCESS_TOKEN_TTL", { vars: { ACCESS_TOKEN_TTL: 10 } }],
  ])) {
    const edge = await startWorker(options);
    t.after(() => edge.stop());
    for (const [method, path] of ROUTES) {
      const { status, body } = await clientOf(edge).call(method, path);
      assert.deepEqual([status, body.code], [500, "misconfigured"], `${what}: ${path}`);
      assert.ok(!JSON.stringify(body).includes(setting), "a client is not told which");
    }
    assert.ok(logText(edge).includes(setting), what);
    const secret = options?.secrets?.[setting];
    if (secret) assert.ok(!logText(edge).includes(secret), "no secret in the log");
  }
});

test("a misspelt setting is ignored, and the log names it once", async (t) => {
  const edge = await startWorker({
    vars: { ACCES_TOKEN_TTL: "60", STRIPE_KEY: "of an extension" },
  });
  t.after(() => edge.stop());
  const client = clientOf(edge);
  assert.equal((await client.logIn(ADA)).expires_in, 600);
  await client.get("/auth/nothing");
  const text = logText(edge);
  assert.equal(text.split("misspelt_setting").length, 2);
  assert.match(text, /ACCESS_TOKEN_TTL is misspelt as .*ACCES_TOKEN_TTL/);
  assert.ok(!text.includes("STRIPE_KEY"));
});

test("local development takes all three: a loopback issuer, a loopback host, DEV", async (t) => {
  const demo = { json: { email: ADA, password: PASSWORD } };
  const withoutDev = await startWorker({ secrets: { DEV: undefined }, vars: { LIMITS: "on" } });
  t.after(() => withoutDev.stop());
  assert.equal(
    (await clientOf(withoutDev).post("/auth/login", demo)).status,
    401,
    "no DEV, no demo accounts",
  );

  const deployed = await startWorker({
    vars: { ISSUER: "https://auth.example.com", LIMITS: "on" },
  });
  t.after(() => deployed.stop());
  assert.equal(
    (await clientOf(deployed).post("/auth/login", demo)).status,
    401,
    "no loopback issuer, no demo accounts",
  );
  assert.equal((await clientOf(deployed).post("http://127.0.0.1/auth/login", demo)).status, 401);

  const local = await startWorker();
  t.after(() => local.stop());
  for (const url of [
    "http://evil.example/auth/login",
    "http://127.0.0.1.evil.example/auth/login",
  ]) {
    const { status, body } = await clientOf(local).post(url, demo);
    assert.deepEqual(
      [status, body.code],
      [500, "misconfigured"],
      "a loopback issuer and another host",
    );
  }
  assert.equal((await clientOf(local).post("http://localhost:8787/auth/login", demo)).status, 200);

  const noLimits = await startWorker({ vars: { ISSUER: "https://auth.example.com" } });
  t.after(() => noLimits.stop());
  const { status, body } = await clientOf(noLimits).get("/healthz");
  assert.deepEqual(
    [status, body.code],
    [500, "misconfigured"],
    "LIMITS = off only in local development",
  );
});

test("deployed without a mail provider: what would mail is 500 misconfigured, the rest works", async (t) => {
  const edge = await startWorker({ vars: { ISSUER: "https://auth.example.com", LIMITS: "on" } });
  t.after(() => edge.stop());
  const client = clientOf(edge);
  for (const path of ["/auth/password/reset", "/auth/email/resend", "/auth/register"]) {
    const { status, body } = await client.post(path, { json: { email: ADA } });
    assert.deepEqual([status, body.code], [500, "misconfigured"], path);
  }
  assert.ok(logText(edge).includes("MAIL_PROVIDER"));
  assert.equal((await client.get("/healthz")).status, 200);
  assert.equal(
    (await edge.fetch("/dev/outbox")).status,
    404,
    "no outbox outside local development",
  );
});

test("without a mail provider a password is changed, the account deleted, and no notice is sent", async (t) => {
  const edge = await startWorker({ vars: { LIMITS: "on", MAIL_PROVIDER: "none" } });
  t.after(() => edge.stop());
  const client = clientOf(edge);
  const { access_token: token } = await client.logIn(ADA);
  const json = { current_password: PASSWORD, new_password: "another long passphrase" };
  const changed = await client.post("/auth/password/change", { token, json });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  const own = { token: changed.body.access_token, json: { current_password: json.new_password } };
  assert.equal((await client.del("/auth/me", own)).status, 204);
  assert.ok(logText(edge).includes("mail_not_queued"));
});

test("limits: a client that guesses is told to wait, the same for known and unknown addresses", async (t) => {
  const edge = await startWorker({ vars: { LIMITS: "on" } });
  t.after(() => edge.stop());
  const guess = (email) =>
    clientOf(edge).post("/auth/login", { json: { email, password: "nothing she chose" } });
  for (const email of [ADA, "nobody@example.com"]) {
    const answers = await untilLimited(10, () => guess(email));
    assert.equal(answers[0].status, 401);
    assert.ok(answers.length > 10, `limited after ${answers.length}`);
    const last = answers.at(-1);
    assert.deepEqual([last.status, last.body.code], [429, "rate_limited"], email);
    assert.equal(last.headers.get("retry-after"), "60");
  }
});

test("a database that fails: 503 with Retry-After, and it works again afterwards", async (t) => {
  const edge = await startWorker({ vars: { REGISTRATION: "open" } });
  const client = clientOf(edge);
  t.after(() => edge.stop());
  const { access_token, refresh_token } = await client.logIn(ADA);
  await edge.db.prepare("ALTER TABLE users RENAME TO gone").run();
  for (const answer of [
    await client.post("/auth/login", { json: { email: ADA, password: PASSWORD } }),
    await client.post("/auth/register", { json: { email: "new@example.com", password: PASSWORD } }),
    await client.get("/auth/me", { token: access_token }),
    await client.get("/healthz"),
  ]) {
    assert.deepEqual([answer.status, answer.body.code], [503, "unavailable"]);
    assert.equal(answer.headers.get("retry-after"), "2");
  }
  const renewal = await client.renew(refresh_token);
  assert.deepEqual([renewal.status, renewal.body.error], [503, "temporarily_unavailable"]);
  assert.equal(
    (await client.authorized({ role: "user" }, access_token)).status,
    200,
    "a check needs no database",
  );

  await edge.db.prepare("ALTER TABLE gone RENAME TO users").run();
  assert.equal((await client.renew(refresh_token)).status, 200);
  const registered = await client.post("/auth/register", {
    json: { email: "new@example.com", password: PASSWORD },
  });
  assert.equal(registered.status, 201, "no half-made account stands in the way");
});

test("what is pasted into a path is not logged, whatever the answer is; a path of the contract is", async (t) => {
  const [edge, wrong] = [
    await startWorker(),
    await startWorker({ secrets: { SIGNING_KEYS: undefined } }),
  ];
  t.after(() => Promise.all([edge.stop(), wrong.stop()]));
  const client = clientOf(edge);
  const { access_token: token, refresh_token, user } = await client.logIn(ADA);
  const preflight = { origin: edge.origin, "access-control-request-method": "POST" };
  for (const pasted of [ADA, token, refresh_token]) {
    const statuses = [];
    for (const [method, path, init = {}] of /** @type {[string, string, init?: object][]} */ ([
      ["GET", `/auth/users/${pasted}`],
      ["POST", `/auth/users/${pasted}/revoke`],
      ["DELETE", `/auth/sessions/${pasted}`],
      ["PUT", `/auth/users/${pasted}`],
      ["OPTIONS", `/auth/${pasted}`, { headers: preflight }],
      ["POST", `/auth/${pasted}`, { body: "x".repeat(20_000) }],
      ["GET", `/healthz/${pasted}`],
    ])) {
      statuses.push((await edge.worker.fetch(edge.origin + path, { method, ...init })).status);
    }
    assert.deepEqual(statuses, [401, 401, 401, 405, 204, 413, 404]);
    assert.equal((await wrong.worker.fetch(`${edge.origin}/auth/users/${pasted}`)).status, 500);
  }
  assert.equal((await client.get(`/auth/users/${user.id}`, { token })).status, 403);
  assert.equal((await wrong.worker.fetch(`${edge.origin}/auth/users/${user.id}`)).status, 500);
  const text = logText(edge) + logText(wrong);
  for (const pasted of ["@", "eyJ", "egr_", token.slice(-20), refresh_token.slice(-20)])
    assert.ok(!text.includes(pasted), pasted);
  assert.equal(text.split(`/auth/users/${user.id}`).length, 3, "an id is");
});

test("nothing secret in the logs of a whole life", async (t) => {
  const edge = await startWorker({ vars: { ROTATE_AFTER: "0" } });
  const client = clientOf(edge);
  t.after(() => edge.stop());
  const login = await client.logIn(ADA);
  await client.post("/auth/login", { json: { email: ADA, password: "a wrong but secret one" } });
  const renewed = (await client.renew(login.refresh_token)).body;
  await client.authorized({ email: ADA }, renewed.access_token);
  await client.get(`/auth/nothing/${renewed.refresh_token}`);
  await client.get("/auth/me", { token: `${renewed.access_token}x` });
  await client.post("/auth/revoke", { form: { token: renewed.refresh_token } });
  const refused = await client.renew(renewed.refresh_token);
  assert.equal(refused.status, 400);
  const text = logText(edge);
  for (const secret of [
    login.access_token,
    login.refresh_token,
    renewed.access_token,
    renewed.refresh_token,
    PASSWORD,
    "a wrong but secret one",
    ADA,
    TEST_SECRETS.TICKET_SECRET,
    JSON.parse(TEST_SECRETS.SIGNING_KEYS).keys[0].d,
    "argon2id",
  ]) {
    assert.ok(!text.includes(secret), secret.slice(0, 12));
  }
  assert.ok(text.includes("wrong_password") && text.includes(login.user.id), "but who and why");
});
