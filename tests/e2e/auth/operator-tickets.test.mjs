// Operator tickets are tokens for operators. An operator creates a ticket by storing its hash in
// the database. Tests over HTTP what each ticket allows, and attacks on tickets. The operations and
// the scopes that they require come from openapi.yaml.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";
import { parse } from "yaml";
import { inRoot } from "../../../scripts/project/root.mjs";
import { count } from "../../count.mjs";
import { ADA, claimsOf, clientOf, PASSWORD, ROOT } from "../client.mjs";
import { startWorker } from "../harness.mjs";
import { startWorkers } from "../workers.mjs";

const GRACE = "grace@example.com";
const NEW_PASSWORD = "an analytical engine";
const SCOPES = ["users:read", "users", "sessions", "mail", "restore", "pseudonyms", "clients"];

const contract = parse(readFileSync(inRoot("openapi.yaml"), "utf8"));
const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  ["get", "post", "patch", "delete"]
    .filter((method) => item[method])
    .map((method) => ({ path, method: method.toUpperCase(), ...item[method] })),
);
const takesTicket = ({ security = contract.security }) =>
  security.some((scheme) => "operatorTicket" in scheme);
const forOperators = operations.filter(takesTicket);

let edge, client, ada, root;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
beforeEach(async () => {
  await edge.reset();
  [ada, root] = [await client.logIn(ADA), await client.logIn(ROOT)];
});
after(() => edge.stop());

const hashOf = (ticket) => createHash("sha256").update(ticket).digest("hex");
const random = () => `ego_${randomBytes(32).toString("base64url")}`;

/**
 * Stores a ticket in the way that docs/operations.md describes. `age` is the number of seconds
 * since the ticket was created.
 */
async function ticketFor(scope, { age = 0, db = edge.db } = {}) {
  const ticket = random();
  const insert = db.prepare(
    `INSERT INTO operator_tickets (hash, scope, created_at, expires_at)
     VALUES (?1, ?2, unixepoch() - ?3, unixepoch() - ?3 + 900)`,
  );
  await insert.bind(hashOf(ticket), scope, age).run();
  return ticket;
}

/**
 * Adds a confidential app to the database. The app's id is the user's id, and the id of the app's
 * secret is the session's id. So `ask` can put the same two ids into every path.
 */
async function addApp({ id, sid }) {
  const app = edge.db.prepare(
    `INSERT INTO clients (id, name, type, first_party, redirect_uris, post_logout_redirect_uris,
       resources, scopes, created_at, version)
     VALUES (?1, 'App', 'confidential', 0, '["https://app.example/"]', '[]', '[]', '[]', 1, 1)`,
  );
  const secret = edge.db.prepare(
    "INSERT INTO client_secrets (id, client, hash, created_at) VALUES (?1, ?2, ?3, 1)",
  );
  await edge.db.batch([app.bind(id), secret.bind(sid, id, hashOf(""))]);
}

/**
 * Sends the example request of an operation, with the ids of the given user and session in its
 * path.
 */
function ask({ method, path, requestBody }, options, { id, sid } = ada_()) {
  const content = requestBody?.content["application/json"];
  const lines = requestBody?.content["application/jsonl"]?.example;
  // Leave out `cookie: true`, because requests with it require an allowed Origin.
  const { cookie: _, ...members } = content?.example ?? content?.examples?.body.value ?? {};
  const json = content && members;
  const at = path.replace("{id}", id).replace("{sid}", sid);
  const query = path === "/auth/authorized" ? "?role=user" : "";
  const body = lines && { body: lines };
  const headers = { ...(lines && { "content-type": "application/jsonl" }), ...options.headers };
  return client.call(method, at + query, { ...(json && { json }), ...body, ...options, headers });
}
const ada_ = () => ({ id: ada.user.id, sid: claimsOf(ada.access_token).sid });

/**
 * Returns new secrets, as a deployment would have. Without DEV, the Worker rejects the secrets that
 * the tests usually use.
 */
function ownSecrets() {
  const { privateKey } = generateKeyPairSync("ed25519");
  const key = { ...privateKey.export({ format: "jwk" }), kid: "own", alg: "EdDSA", use: "sig" };
  return {
    DEV: undefined,
    SIGNING_KEYS: JSON.stringify({ keys: [key] }),
    TICKET_SECRET: randomBytes(32).toString("base64url"),
  };
}

/**
 * Returns the contents of the database as one text, without the tickets and without the tables of
 * the platform.
 */
async function stored() {
  const { results: tables } = await edge.db
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT IN ('operator_tickets', 'd1_migrations', 'sqlite_sequence')",
    )
    .all();
  assert.ok(tables.length > 10, `${tables.length} tables`);
  const rows = tables.map(({ name }) => edge.db.prepare(`SELECT * FROM ${name}`).all());
  return JSON.stringify((await Promise.all(rows)).map(({ results }) => results));
}

test("each operation takes a ticket of its scope and of no other", async () => {
  assert.ok(forOperators.length >= 18, `${forOperators.length}`);
  let refused = 0;
  for (const operation of forOperators) {
    const needed = operation["x-scope"];
    const where = `${operation.method} ${operation.path}`;
    assert.ok(SCOPES.includes(needed), `${where}: ${needed}`);
    const was = await stored();
    for (const scope of ["", "*", ...SCOPES.filter((scope) => scope !== needed)]) {
      if (needed === "users:read" && scope === "users") continue;
      const answer = await ask(operation, { token: await ticketFor(scope) });
      assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"], `${where}, ${scope}`);
      assert.match(answer.headers.get("www-authenticate"), /insufficient_scope/);
      refused += 1;
    }
    assert.equal(await stored(), was, where);
  }
  await addApp(ada_());
  // With the right scope, each operation is allowed. The operations that end the session, the
  // account or the app come last, because the other operations still need them.
  const ends = [/sid\}$/, /revoke$/, /restored$/, /^DELETE .*\{id\}$/];
  const rank = ({ method, path }) => ends.findIndex((end) => end.test(`${method} ${path}`));
  for (const operation of forOperators.toSorted((a, b) => rank(a) - rank(b))) {
    const answer = await ask(operation, { token: await ticketFor(operation["x-scope"]) });
    const where = `${operation.method} ${operation.path}`;
    // 409 is expected here: Ada can't be invited, because she already has a password.
    const expected = operation.path.endsWith("/invite") ? [409] : [200, 201, 202, 204];
    assert.ok(expected.includes(answer.status), `${where}: ${JSON.stringify(answer)}`);
  }
  count("operator-scopes", `${refused} requests with an operator ticket of another scope: refused`);
});

test("a ticket opens nothing of a user, and nothing that is public changes by it", async () => {
  const token = await ticketFor(SCOPES.join(" "));
  const others = operations.filter(
    (operation) => !takesTicket(operation) && operation.security?.[0]?.accessToken,
  );
  assert.ok(others.length >= 9, `${others.length}`);
  const was = await stored();
  for (const operation of others) {
    const answer = await ask(operation, { token });
    const where = `${operation.method} ${operation.path}`;
    assert.deepEqual([answer.status, answer.body.code], [401, "invalid_token"], where);
  }
  const renewal = await client.renew(token);
  assert.deepEqual([renewal.status, renewal.body.error], [400, "invalid_grant"]);
  assert.equal((await client.post("/auth/revoke", { form: { token } })).status, 200);
  assert.equal(await stored(), was);
  assert.equal((await client.get("/auth/me", { token: ada.access_token })).status, 200);
});

test("forged, altered, expired and misplaced tickets are refused alike", async () => {
  const good = await ticketFor("users:read");
  const list = (options, path = "/auth/users") => client.get(path, options);
  assert.equal((await list({ token: good })).status, 200);
  const altered = good.replace(/.$/, (last) => (last === "A" ? "E" : "A"));
  const old = await ticketFor("users:read", { age: 900 });
  const younger = await ticketFor("users:read", { age: 895 });
  const deleted = await ticketFor("users:read");
  await edge.db.prepare("DELETE FROM operator_tickets WHERE hash = ?1").bind(hashOf(deleted)).run();
  const refusals = [];
  for (const [why, token] of Object.entries({
    forged: random(),
    altered,
    "its hash": hashOf(good),
    "its hash with the prefix": `ego_${hashOf(good)}`,
    "cut off": good.slice(0, -1),
    longer: `${good}A`,
    padded: `${good}=`,
    "in upper case": good.toUpperCase(),
    "with another prefix": good.replace("ego_", "egr_"),
    "without its prefix": good.slice(4),
    twice: `${good}, Bearer ${good}`,
    "twice, forged first": `${random()}, Bearer ${good}`,
    "with an access token": `${root.access_token}, Bearer ${good}`,
    SQL: "ego_' OR '1'='1",
    expired: old,
    deleted,
  })) {
    const answer = await list({ token });
    assert.equal(answer.status, 401, why);
    refusals.push(JSON.stringify([answer.body, answer.headers.get("www-authenticate")]));
  }
  assert.equal(new Set(refusals).size, 1, "the answer does not say why");
  assert.equal((await list({ token: younger })).status, 200);
  // A ticket is accepted only in `Authorization: Bearer`, and in no other place.
  for (const options of [
    {},
    { headers: { cookie: `edgegate-8787=${good}; __Host-edgegate=${good}; ticket=${good}` } },
    { headers: { authorization: `Basic ${good}` } },
    { headers: { authorization: good } },
    { headers: { "x-authorization": `Bearer ${good}` } },
  ])
    assert.equal((await list(options)).status, 401, JSON.stringify(options));
  for (const name of ["access_token", "token", "ticket", "authorization"])
    assert.equal((await list({}, `/auth/users?${name}=${good}`)).status, 401, name);
  const json = { email: GRACE, access_token: good };
  assert.equal((await client.post("/auth/users", { json })).status, 401);
});

test("a ticket does not come from a page, and no page may read an operator's answers", async () => {
  const token = await ticketFor(SCOPES.join(" "));
  for (const operation of forOperators) {
    const where = `${operation.method} ${operation.path}`;
    for (const origin of [edge.origin, "https://evil.example", "null"]) {
      const answer = await ask(operation, { token, headers: { origin } });
      assert.deepEqual([answer.status, answer.body.code], [401, "invalid_token"], where);
      if (operation["x-access"] === "operator")
        assert.equal(answer.headers.get("access-control-allow-origin"), null, where);
    }
    if (operation["x-access"] !== "operator") continue;
    const preflight = await edge.fetch(operation.path.replace("{id}", ada.user.id), {
      method: "OPTIONS",
      headers: { origin: edge.origin, "access-control-request-method": operation.method },
    });
    assert.equal(preflight.status, 405, where);
    assert.equal(preflight.headers.get("access-control-allow-methods"), null, where);
  }
});

test("the table refuses a ticket of more than a quarter of an hour, and the service does too", async () => {
  const insert = (hash, lifetime) =>
    edge.db
      .prepare(
        "INSERT INTO operator_tickets (hash, scope, created_at, expires_at) VALUES (?1, 'users', unixepoch(), unixepoch() + ?2)",
      )
      .bind(hash, lifetime)
      .run();
  for (const [hash, lifetime] of /** @type {[string, number][]} */ ([
    [hashOf("a"), 901],
    [hashOf("a"), 0],
    [hashOf("a"), -1],
    [hashOf("a").toUpperCase(), 900],
    [random(), 900],
    ["", 900],
  ]))
    await assert.rejects(insert(hash, lifetime), /CHECK constraint failed/, `${hash} ${lifetime}`);
  await insert(hashOf("a"), 900);
  // Replace the table with one that has no constraint, as an operator could do by hand.
  await edge.db.prepare("DROP TABLE operator_tickets").run();
  await edge.db
    .prepare(
      "CREATE TABLE operator_tickets (hash TEXT, scope TEXT, created_at INTEGER, expires_at INTEGER)",
    )
    .run();
  const lasting = random();
  await edge.db
    .prepare("INSERT INTO operator_tickets VALUES (?1, 'users', unixepoch(), unixepoch() + 901)")
    .bind(hashOf(lasting))
    .run();
  assert.equal((await client.get("/auth/users", { token: lasting })).status, 401);
});

test("the cron deletes expired tickets and no others", async () => {
  const [old, young] = [
    await ticketFor("users", { age: 900 }),
    await ticketFor("users", { age: 800 }),
  ];
  await edge.worker.scheduled({ cron: "*/5 * * * *" });
  const { results } = await edge.db.prepare("SELECT hash FROM operator_tickets").all();
  assert.deepEqual(results, [{ hash: hashOf(young) }]);
  assert.notEqual(hashOf(old), hashOf(young));
});

for (const store of ["kv", "durable"])
  test(`${store}: the first administrator is made while registration is closed and no mail is set up`, async (t) => {
    const other = await startWorker({
      vars: { REGISTRATION: "closed", SESSION_STORE: store, LIMITS: "on" },
      secrets: ownSecrets(),
    });
    t.after(() => other.stop());
    const asking = clientOf(other);
    assert.equal((await other.db.prepare("SELECT count(*) AS n FROM users").first()).n, 0);
    const token = await ticketFor("users", { db: other.db });
    const json = { email: GRACE, roles: ["admin", "user"], link: "return" };
    // Ten simultaneous commands create only one account.
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => asking.post("/auth/users", { token, json })),
    );
    const made = answers.filter(({ status }) => status === 201);
    assert.equal(made.length, 1);
    for (const { status, body } of answers)
      if (status !== 201) assert.deepEqual([status, body.code], [409, "email_taken"]);
    const [{ body: user }] = made;
    assert.ok(user.invitation.link.startsWith(`${other.origin}/reset-password#egl_`));
    // If the operator runs the command again, the operator gets a new link for the same account.
    const found = await asking.get(`/auth/users?email=${GRACE}`, { token });
    assert.deepEqual(
      found.body.users.map(({ id }) => id),
      [user.id],
    );
    const again = await asking.post(`/auth/users/${user.id}/invite`, {
      token,
      json: { link: "return" },
    });
    assert.equal(again.status, 200);
    const confirm = (link, password) =>
      asking.post("/auth/password/confirm", {
        json: { token: link.split("#")[1], password },
      });
    assert.equal((await confirm(again.body.link, NEW_PASSWORD)).status, 204);
    assert.equal((await confirm(user.invitation.link, PASSWORD)).status, 400);
    const { access_token } = await asking.logIn(GRACE, NEW_PASSWORD);
    assert.equal((await asking.get("/auth/users", { token: access_token })).status, 200);
    // Now the account has a password, so an operator can't get another invitation link for it.
    const late = await asking.post(`/auth/users/${user.id}/invite`, {
      token,
      json: { link: "return" },
    });
    assert.deepEqual([late.status, late.body.code], [409, "not_invitable"]);
  });

test("ten requests at once with one ticket: all are answered, and each act is done once", async () => {
  const token = await ticketFor("users sessions");
  const path = `/auth/users/${ada.user.id}`;
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      client.patch(path, { token, json: { roles: [`role${n}`, "user"] } }),
    ),
  );
  for (const { status } of answers) assert.equal(status, 200);
  const { body } = await client.get(path, { token });
  assert.equal(body.roles.length, 2);
  // Three simultaneous requests add one role each. Afterwards the user must have all three roles.
  const edits = await Promise.all(
    Array.from({ length: 3 }, (_, n) =>
      client.patch(path, { token, json: { add_roles: [`given${n}`], remove_roles: body.roles } }),
    ),
  );
  for (const { status } of edits) assert.equal(status, 200);
  const edited = await client.get(path, { token });
  assert.deepEqual(edited.body.roles, ["given0", "given1", "given2"]);
  const both = await client.patch(path, { token, json: { roles: [], add_roles: ["a"] } });
  assert.deepEqual(
    [both.status, both.body.errors],
    [422, [{ field: "roles", reason: "exclusive" }]],
  );
  const ended = await Promise.all(Array.from({ length: 10 }, () => client.del(path, { token })));
  assert.equal(ended.filter(({ status }) => status === 204).length, 1);
  assert.ok(ended.every(({ status }) => [204, 404].includes(status)));
});

test("the last administrator goes only when the operator says so", async () => {
  const token = await ticketFor("users");
  const path = `/auth/users/${root.user.id}`;
  const amend = (json, token_ = token) => client.patch(path, { token: token_, json });
  const kept = await amend({ roles: ["user"] });
  assert.deepEqual([kept.status, kept.body.code], [409, "last_administrator"]);
  assert.equal((await client.del(path, { token })).status, 409);
  const said = { roles: ["user"], may_leave_no_administrator: true };
  const byRoot = await amend(said, root.access_token);
  assert.deepEqual([byRoot.status, byRoot.body.code], [403, "forbidden"]);
  const none = await amend({ may_leave_no_administrator: true });
  assert.equal(none.status, 400);
  const gone = await amend(said);
  assert.deepEqual([gone.status, gone.body.roles], [200, ["user"]]);
});

test("an administrator in a browser gets no link and does nothing that only an operator may", async () => {
  const token = root.access_token;
  const headers = { origin: edge.origin };
  const made = await client.post("/auth/users", {
    token,
    headers,
    json: { email: GRACE, link: "return" },
  });
  assert.deepEqual([made.status, made.body.code], [403, "forbidden"]);
  const users = await client.get("/auth/users?prefix=grace", { token });
  assert.deepEqual(users.body, { users: [], cursor: null });
  const invited = await client.post("/auth/users", { token, headers, json: { email: GRACE } });
  const path = `/auth/users/${invited.body.id}/invite`;
  const link = await client.post(path, { token, headers, json: { link: "return" } });
  assert.deepEqual([link.status, link.body.code], [403, "forbidden"]);
  assert.equal((await client.post(path, { token, headers, json: {} })).status, 202);
  const odd = await client.post(path, { token, headers, json: { link: "show" } });
  assert.deepEqual([odd.status, odd.body.errors], [422, [{ field: "link", reason: "unknown" }]]);
});

test("pages of users by the beginning of their address", async () => {
  const token = await ticketFor("users");
  for (const email of ["adam@example.com", "Ada.King@example.com", "adb@example.com"])
    assert.equal((await client.post("/auth/users", { token, json: { email } })).status, 201);
  const seen = [];
  /** @type {string | null} */
  let cursor = null;
  do {
    /** @type {URLSearchParams} */
    const query = new URLSearchParams({ prefix: "ADA", limit: "1", ...(cursor && { cursor }) });
    const page = await client.get(`/auth/users?${query}`, { token });
    assert.equal(page.status, 200);
    seen.push(...page.body.users.map(({ email }) => email));
    cursor = page.body.cursor;
  } while (cursor !== null);
  assert.deepEqual(seen, ["Ada.King@example.com", ADA, "adam@example.com"]);
  for (const [query, status] of /** @type {[string, number][]} */ ([
    ["prefix=", 422],
    ["prefix=a&email=ada@example.com", 400],
    ["prefix=a&prefix=b", 400],
    [`prefix=${"a".repeat(255)}`, 422],
    ["prefix=%00", 422],
    ["prefix=%25", 200],
  ]))
    assert.equal((await client.get(`/auth/users?${query}`, { token })).status, status, query);
});

test("failed mails are listed without addresses, retried and dropped", async () => {
  const token = await ticketFor("mail");
  const insert = edge.db.prepare(
    "INSERT INTO dead_letters (id, job, reason, tries, failed_at, retry_at) VALUES (?1, ?2, 'refused', 60, unixepoch(), NULL)",
  );
  const now = Math.floor(Date.now() / 1000);
  const job = (id, email) => `2\n${id}\n${now}\nen\n60\nfirst\n1\nreset\n${email}`;
  const ids = ["a", "b", "c"].map((letter) => letter.repeat(32));
  await insert.bind(ids[0], job(ids[0], ADA)).run();
  await insert.bind(ids[1], job(ids[1], "nobody@example.com")).run();
  await insert.bind(ids[2], "9\nof a later version\nada@example.com").run();
  const page = await client.get("/auth/operator/mail?limit=2", { token });
  assert.equal(page.status, 200);
  assert.deepEqual(
    page.body.mails.map(({ id, mail, tries }) => [id, mail, tries]),
    [
      [ids[0], "reset", 60],
      [ids[1], "reset", 60],
    ],
  );
  const rest = await client.get(`/auth/operator/mail?cursor=${page.body.cursor}`, { token });
  assert.deepEqual([rest.body.mails[0].mail, rest.body.cursor], [null, null]);
  assert.ok(!JSON.stringify([page.body, rest.body]).includes("@"), "no address");
  const own = await client.get(`/auth/operator/mail?user=${ada.user.id}`, { token });
  assert.deepEqual(
    own.body.mails.map(({ id }) => id),
    [ids[0]],
  );
  const asking = await ticketFor("pseudonyms");
  const hashed = await client.post("/auth/operator/pseudonyms", {
    token: asking,
    json: { email: " ADA@example.com" },
  });
  assert.deepEqual(hashed.body.pseudonyms, [own.body.mails[0].address]);
  const retry = (json) => client.post("/auth/operator/mail/retry", { token, json });
  const drop = (json) => client.post("/auth/operator/mail/drop", { token, json });
  assert.deepEqual((await retry({ ids: [ids[0], "unknown"] })).body, { mails: 1 });
  assert.deepEqual((await retry({ all: true })).body, { mails: 3 });
  const { results } = await edge.db.prepare("SELECT DISTINCT retry_at FROM dead_letters").all();
  assert.deepEqual(results, [{ retry_at: 0 }]);
  assert.deepEqual((await drop({ ids: [ids[2]] })).body, { mails: 1 });
  assert.deepEqual((await drop({ ids: [ids[2]] })).body, { mails: 0 });
  for (const json of [{}, { all: false }, { ids, all: true }, { ids: "a" }, { all: 1 }])
    assert.equal((await retry(json)).status, 400, JSON.stringify(json));
  for (const ids of [[], Array(201).fill("a"), ["a".repeat(65)]])
    assert.equal((await drop({ ids })).status, 422);
});

test("a ticket and its links are in no log line, and its id is in each", async (t) => {
  const {
    workers: [other],
    logs,
    lineOf,
    stop,
  } = await startWorkers([{}]);
  t.after(stop);
  const asking = clientOf(other);
  const token = await ticketFor("users", { db: other.db });
  const id = `operator:${hashOf(token).slice(0, 12)}`;
  const json = { email: GRACE, link: "return" };
  const made = await asking.post("/auth/users", { token, json });
  const read = await asking.get(`/auth/users/${made.body.id}`, { token });
  const denied = await asking.get("/auth/operator/mail", { token });
  for (const answer of [made, read, denied]) {
    const line = await lineOf(answer);
    assert.deepEqual([line.by, line.user_id], [id, undefined]);
  }
  const forged = await asking.get("/auth/users", { token: random() });
  const refused = await lineOf(forged);
  assert.equal(refused.by, undefined);
  assert.match(refused.reason, /operator_ticket_unknown/);
  const text = JSON.stringify(logs());
  for (const secret of [token, token.slice(4), hashOf(token), "egl_"])
    assert.ok(!text.includes(secret));
  const events = logs().filter(({ by, event }) => by === id && event !== "request");
  assert.deepEqual(
    events.map(({ event }) => event),
    ["account_created", "link_returned", "operator_denied"],
  );
});

test("durable: a locked owner is let in again, and the user's object forgets an ended session", async (t) => {
  const other = await startWorker({
    vars: { SESSION_STORE: "durable", PASSWORD_WORK: "durable", LIMITS: "on" },
  });
  t.after(() => other.stop());
  const asking = clientOf(other);
  const signedIn = await asking.logIn(ADA);
  const { id } = signedIn.user;
  const login = (password) => asking.post("/auth/login", { json: { email: ADA, password } });
  const headers = { "user-agent": "another" };
  let answer;
  do answer = await login("a wrong guess");
  while (answer.status === 401);
  assert.equal(answer.status, 429);
  const token = await ticketFor("users sessions", { db: other.db });
  assert.equal((await asking.post(`/auth/users/${id}/unlock`, { token, headers })).status, 204);
  assert.equal((await login(PASSWORD)).status, 200);
  const { body } = await asking.get(`/auth/users/${id}/sessions`, { token });
  assert.equal(body.sessions.length, 2);
  const { sid } = claimsOf(signedIn.access_token);
  const path = `/auth/users/${id}/sessions/${sid}`;
  assert.equal((await asking.del(path, { token })).status, 204);
  assert.equal((await asking.del(path, { token })).status, 404);
  const check = await asking.authorized({ role: "user" }, signedIn.access_token);
  assert.equal(check.status, 401);
});
