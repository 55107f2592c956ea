// Tests two services of other companies that the Worker calls over HTTP if it is configured to: the
// list of breached passwords, and Turnstile. In these tests a server on this machine replaces each
// of them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";
import { ADA, clientOf, PASSWORD } from "../client.mjs";
import { startWorkers } from "../workers.mjs";

const BREACHED = "a passphrase that was leaked";
const GOOD = "a passphrase that nobody has leaked";

/**
 * Starts a server that answers every request with the function `behave`. `asked` lists the requests
 * with their bodies.
 */
async function startVendor(t, behave) {
  const asked = [];
  const vendor = { asked, behave };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push({ method: request.method, url: request.url, headers: request.headers, body });
    vendor.behave(request, response, body);
  });
  await /** @type {Promise<void>} */ (new Promise((done) => server.listen(0, "127.0.0.1", done)));
  t.after(() => new Promise((done) => server.close(done).closeAllConnections()));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return Object.assign(vendor, { url: `http://127.0.0.1:${port}` });
}

async function start(t, settings) {
  const world = await startWorkers([settings]);
  t.after(() => world.stop());
  return { ...world, edge: world.workers[0], client: clientOf(world.workers[0]) };
}

const sha1 = (text) => createHash("sha1").update(text).digest("hex").toUpperCase();

test("five figures of a chosen password’s hash go out, and a breached one is refused", async (t) => {
  const hash = sha1(BREACHED);
  const range = await startVendor(t, (request, response) => {
    const lines = [
      `${"0".repeat(34)}1:7`,
      `${hash.slice(5)}:${request.url.endsWith(hash.slice(0, 5)) ? 3 : 0}`,
      `${sha1(GOOD).slice(5)}:0`,
    ];
    response.end(lines.join("\r\n"));
  });
  const { client, logs } = await start(t, {
    vars: { REGISTRATION: "open", BREACHED_PASSWORDS: `${range.url}/range` },
  });
  const register = (email, password) =>
    client.post("/auth/register", { json: { email, password } });

  const refused = await register("grace@example.com", BREACHED);
  assert.deepEqual(
    [refused.status, refused.body.code, refused.body.reasons],
    [422, "weak_password", ["breached"]],
  );
  assert.equal((await register("grace@example.com", GOOD)).status, 201);
  assert.deepEqual(
    range.asked.map(({ method, url }) => [method, url]),
    [
      ["GET", `/range/${hash.slice(0, 5)}`],
      ["GET", `/range/${sha1(GOOD).slice(0, 5)}`],
    ],
  );
  for (const { headers, body } of range.asked) {
    assert.equal(headers["add-padding"], "true");
    assert.equal(body, "");
    assert.equal(headers["user-agent"], "edgegate");
    assert.ok(!JSON.stringify(headers).includes(hash.slice(5)));
  }
  // When a user logs in, the Worker sends nothing to the service that knows breached passwords.
  assert.equal(
    (await client.post("/auth/login", { json: { email: "grace@example.com", password: GOOD } }))
      .status,
    200,
  );
  assert.equal(range.asked.length, 2);
  assert.ok(!logs().some(({ event }) => event === "vendor_unreachable"));
});

test("a password that can’t be looked up is accepted: a refusal, nonsense, no end, silence", async (t) => {
  const range = await startVendor(t);
  const { client, logs } = await start(t, {
    vars: { REGISTRATION: "open", BREACHED_PASSWORDS: range.url },
  });
  const hash = sha1(BREACHED);
  const behaviours = [
    (_request, response) => response.writeHead(500).end(`${hash.slice(5)}:1`),
    (_request, response) => response.writeHead(302, { location: `${range.url}/elsewhere` }).end(),
    (_request, response) => {
      const timer = setInterval(() => response.write("A".repeat(65_536)), 1);
      response.on("close", () => clearInterval(timer));
    },
    (_request, response) => response.end("<html>not what was asked for</html>"),
    (request) => request.socket.destroy(),
    () => {},
  ];
  for (const [n, behave] of behaviours.entries()) {
    range.behave = behave;
    const { status } = await client.post("/auth/register", {
      json: { email: `user-${n}@example.com`, password: BREACHED },
    });
    assert.equal(status, 201, `${n}`);
  }
  assert.equal(
    range.asked.length,
    behaviours.length,
    "no redirect was followed, nothing asked again",
  );
  const told = logs().filter(({ event }) => event === "vendor_unreachable");
  assert.deepEqual(
    told.map(({ detail }) => detail),
    Array(behaviours.length).fill("breached_passwords"),
  );
  assert.ok(
    !JSON.stringify(logs()).includes(hash.slice(0, 5)) &&
      !JSON.stringify(logs()).includes(range.url),
  );
});

test("a challenge is met before anything is done", async (t) => {
  // The secret must not be one repeated character. After the tests, all logs are searched for parts
  // of secrets. Data that schemathesis generates contains repeated characters by chance, so the
  // search would find such a secret by mistake.
  const SECRET = "0x4-turnstile-secret-of-this-test-7Q2m";
  const MET = "a token that the widget gave";
  const turnstile = await startVendor(t, (_request, response, body) => {
    const { secret, response: token } = JSON.parse(body);
    const success = secret === SECRET && token === MET;
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ success, "error-codes": success ? [] : ["invalid-input-response"] }));
  });
  const { client, logs } = await start(t, {
    vars: { TURNSTILE_URL: turnstile.url },
    secrets: { TURNSTILE_SECRET: SECRET },
  });
  /** @type {[path: string, json: object, status: number][]} */
  const doors = [
    ["/auth/login", { email: ADA, password: PASSWORD }, 200],
    ["/auth/register", { email: "grace@example.com" }, 202],
    ["/auth/password/reset", { email: ADA }, 202],
    ["/auth/email/resend", { email: ADA }, 202],
  ];
  for (const [path, json, status] of doors) {
    for (const [challenge, reason] of [
      [undefined, "missing"],
      ["x".repeat(2_049), "too_long"],
      ["another", "not_met"],
    ]) {
      const refused = await client.post(path, { json: { ...json, challenge } });
      assert.deepEqual(
        [refused.status, refused.body.errors],
        [422, [{ field: "challenge", reason }]],
        path,
      );
    }
    assert.equal(
      (await client.post(path, { json: { ...json, challenge: MET } })).status,
      status,
      path,
    );
  }
  const tokens = await client.post("/auth/login", {
    json: { email: ADA, password: PASSWORD, challenge: MET },
  });
  const judged = turnstile.asked.length;
  assert.equal((await client.renew(tokens.body.refresh_token)).status, 200);
  assert.equal(turnstile.asked.length, judged, "renewals ask for none");

  for (const behave of [
    (_request, response) => response.writeHead(500).end(),
    (_request, response) => response.end("{}"),
    (_request, response) => response.end("no JSON"),
  ]) {
    turnstile.behave = behave;
    for (const [path, json, status] of doors) {
      const answer = await client.post(path, { json: { ...json, challenge: MET } });
      assert.equal(answer.status, path === "/auth/login" ? status : 503, path);
    }
  }
  assert.equal(
    (
      await client.post("/auth/login", {
        json: { email: ADA, password: "another", challenge: MET },
      })
    ).status,
    401,
  );
  const told = logs().filter(({ event }) => event === "vendor_unreachable");
  assert.ok(told.length >= 12 && told.every(({ detail }) => detail === "turnstile"));
  assert.ok(!JSON.stringify(logs()).includes(SECRET) && !JSON.stringify(logs()).includes(MET));
});

// https://developers.cloudflare.com/turnstile/get-started/server-side-validation/#error-codes
test("an error of Turnstile that is not the visitor's stops no login, and the log says what to do", async (t) => {
  const turnstile = await startVendor(t);
  const { client, logs } = await start(t, {
    vars: { TURNSTILE_URL: turnstile.url },
    secrets: { TURNSTILE_SECRET: "0x4-another-turnstile-secret-Zk81" },
  });
  const answer = (status, codes) => (_request, response) =>
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify({ success: false, "error-codes": codes }));
  const challenge = "a token of the widget";
  const logIn = (password) =>
    client.post("/auth/login", { json: { email: ADA, password, challenge } });
  const reset = () => client.post("/auth/password/reset", { json: { email: ADA, challenge } });
  const told = () => logs().filter(({ event }) => event === "vendor_unreachable");

  for (const [status, codes, remedy] of /** @type {const} */ ([
    [200, ["missing-input-secret"], /TURNSTILE_URL/],
    [200, ["invalid-input-secret"], /wrangler secret put TURNSTILE_SECRET/],
    [400, ["invalid-input-secret"], /wrangler secret put TURNSTILE_SECRET/],
    [200, ["bad-request"], /TURNSTILE_URL/],
    [400, ["bad-request"], /TURNSTILE_URL/],
    [200, ["internal-error"], /it answered internal-error/],
    [200, ["a-new-code"], /it answered a-new-code/],
    [200, ["invalid-input-response", "invalid-input-secret"], /TURNSTILE_SECRET/],
  ])) {
    turnstile.behave = answer(status, codes);
    const before = told().length;
    assert.equal((await logIn(PASSWORD)).status, 200, `${codes}`);
    assert.equal((await logIn("wrong")).status, 401, `${codes}: the password is still checked`);
    assert.equal((await reset()).status, 503, `${codes}: what sends mails waits`);
    const lines = told().slice(before);
    assert.equal(lines.length, 3, `${codes}`);
    for (const { level, detail, reason } of lines) {
      assert.deepEqual([level, detail], ["error", "turnstile"]);
      assert.match(reason, remedy);
    }
  }

  for (const codes of [
    ["missing-input-response"],
    ["invalid-input-response"],
    ["timeout-or-duplicate"],
    [],
  ]) {
    turnstile.behave = answer(200, codes);
    const before = told().length;
    for (const ask of [() => logIn(PASSWORD), reset]) {
      const refused = await ask();
      assert.deepEqual(
        [refused.status, refused.body.errors],
        [422, [{ field: "challenge", reason: "not_met" }]],
        `${codes}`,
      );
    }
    assert.equal(told().length, before, "the visitor's error needs no operator");
  }

  // No Turnstile widget makes such a token. Therefore the Worker rejects the token without sending
  // it to Turnstile.
  const asked = turnstile.asked.length;
  turnstile.behave = answer(200, ["bad-request"]);
  for (const strange of ["a\u0000b", "a\nb", "\u00e4", "\u{1f511}"]) {
    const json = { email: ADA, password: PASSWORD, challenge: strange };
    assert.equal((await client.post("/auth/login", { json })).status, 422);
  }
  assert.equal(turnstile.asked.length, asked);
});
