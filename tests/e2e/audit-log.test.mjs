// Tests the audit log as an operator sees it: its lines, which are in the log between the lines of
// the requests; its data points; and the pseudonyms. tests/service/audit_log/mod.rs tests which
// events each use case records.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, claimsOf, clientOf, PASSWORD, ROOT } from "./client.mjs";
import { caller, callsOf } from "./rpc/calls.mjs";
import { startWorkers } from "./workers.mjs";

const HEX = /^[0-9a-f]{16}$/;
const from = (ip) => ({ headers: { "cf-connecting-ip": ip, "user-agent": "Mozilla/5.0 Spy/1" } });
const boot = async (t, settings = {}) => {
  const started = await startWorkers([{ datasets: ["EVENTS"], ...settings }]);
  t.after(started.stop);
  const [edge] = started.workers;
  return {
    ...started,
    edge,
    client: clientOf(edge),
    points: async () => (await edge.control({})).points,
  };
};
const byName = (names) => (point) =>
  Object.fromEntries(
    point.blobs.map((blob, n) => [names[n], blob]).filter(([, blob]) => blob !== ""),
  );
const COLUMNS = [
  "outcome",
  "reason",
  "user_id",
  "session_id",
  "by",
  "address",
  "network",
  "request_id",
  "detail",
];

test("a sign-in and a failed one: who, from where and in which request, in a line and a data point", async (t) => {
  const world = await boot(t);
  const { client } = world;
  const failed = await client.post("/auth/login", {
    ...from("203.0.113.7"),
    json: { email: "Ada@EXAMPLE.com", password: "a wrong guess" },
  });
  const done = await client.post("/auth/login", {
    ...from("203.0.113.7"),
    json: { email: ADA, password: PASSWORD },
  });
  const elsewhere = await client.post("/auth/login", {
    ...from("198.51.100.1"),
    json: { email: "nobody@example.com", password: PASSWORD },
  });
  const [[wrong], [signedIn], [nobody]] = await Promise.all(
    [failed, done, elsewhere].map((answer) => world.eventsOf(answer)),
  );

  const { id } = done.body.user;
  assert.deepEqual(
    [wrong.event, wrong.level, wrong.outcome, wrong.reason, wrong.user_id],
    ["sign_in_failed", "warn", "refused", "wrong_password", id],
  );
  assert.deepEqual(
    [signedIn.event, signedIn.level, signedIn.outcome, signedIn.user_id],
    ["signed_in", "info", "done", id],
  );
  assert.equal(signedIn.session_id, claimsOf(done.body.access_token).sid);
  assert.deepEqual([nobody.reason, nobody.user_id], ["unknown_address", undefined]);
  for (const { time } of [wrong, signedIn, nobody])
    assert.ok(Math.abs(Date.now() - Date.parse(time)) < 60_000, time);

  assert.match(wrong.address, HEX);
  assert.notEqual(wrong.address, nobody.address);
  assert.match(wrong.network, HEX);
  assert.equal(signedIn.network, wrong.network);
  assert.notEqual(nobody.network, wrong.network);

  const points = await world.points();
  for (const line of [wrong, signedIn, nobody]) {
    const point = points.find(({ blobs }) => blobs[7] === line.request_id);
    assert.deepEqual(point.indexes, [line.event]);
    assert.equal(point.blobs.length, COLUMNS.length);
    const { level: _l, event: _e, time: _t, ...values } = line;
    assert.deepEqual(byName(COLUMNS)(point), values, "the same, by place");
  }
  assert.equal(points.length, 3, "one each, and none for demo accounts");
  const text = JSON.stringify([world.logs(), points]);
  for (const secret of [
    ADA,
    "example.com",
    PASSWORD,
    "a wrong guess",
    "203.0.113",
    "198.51.100",
    "Spy",
    "eyJ",
    "egr_",
  ]) {
    assert.ok(!text.includes(secret), secret);
  }
});

test("renewals are data points and no lines, checks are neither; a token that comes back has its line", async (t) => {
  const world = await boot(t, { vars: { ROTATE_AFTER: "0" } });
  const { client, edge } = world;
  const { access_token, refresh_token } = await client.logIn(ADA);
  const before = (await world.points()).length;
  const checked = await client.authorized({ role: "user" }, access_token);
  assert.equal(checked.status, 200);
  const renewed = await client.renew(refresh_token);
  assert.deepEqual(await world.eventsOf(renewed), []);
  await edge.control({ clock: 600 });
  const successor = renewed.body.refresh_token;
  assert.equal((await client.renew(successor)).status, 200);
  const reused = await client.renew(refresh_token);
  assert.equal(reused.status, 400);
  const [line] = await world.eventsOf(reused);
  // The successful check wrote no line to the log. The line of a later request is in the log
  // already, so a line of the check would be there too.
  const id = checked.headers.get("x-request-id");
  assert.ok(!world.logs().some(({ request_id }) => request_id === id));
  assert.deepEqual(
    [line.event, line.level, line.reason, line.session_id],
    ["token_reused", "warn", "reused", claimsOf(access_token).sid],
  );
  const after = (await world.points()).slice(before);
  assert.deepEqual(
    after.map(({ indexes: [event], blobs: [outcome, reason] }) => [event, outcome, reason]),
    [
      ["renewed", "done", "fresh"],
      ["renewed", "done", "fresh"],
      ["token_reused", "refused", "reused"],
    ],
  );
});

test("what an administrator does is recorded with who it was and from where; what was refused too", async (t) => {
  const world = await boot(t);
  const { client } = world;
  const [ada, root] = [await client.logIn(ADA), await client.logIn(ROOT)];
  const path = `/auth/users/${ada.user.id}`;
  const admin = { token: root.access_token, ...from("203.0.113.9") };
  const denied = await client.get(path, { token: ada.access_token, ...from("203.0.113.7") });
  assert.equal(denied.status, 403);
  const [refused] = await world.eventsOf(denied);
  assert.deepEqual(
    [refused.event, refused.user_id, refused.session_id],
    ["access_denied", ada.user.id, claimsOf(ada.access_token).sid],
  );
  assert.match(refused.network, HEX);
  const changed = await client.patch(path, {
    ...admin,
    json: { roles: ["editor", "user"], disabled: true },
  });
  assert.equal(changed.status, 200);
  const [roles, disabled, ...rest] = await world.eventsOf(changed);
  assert.deepEqual(
    [roles.event, roles.user_id, roles.by, roles.detail],
    ["roles_changed", ada.user.id, root.user.id, "editor user"],
  );
  assert.deepEqual(
    [disabled.event, disabled.user_id, disabled.by],
    ["user_disabled", ada.user.id, root.user.id],
  );
  assert.match(roles.network, HEX);
  assert.notEqual(roles.network, refused.network);
  assert.deepEqual(rest, []);
});

test("a limit that is hit is recorded for the address that was tried", async (t) => {
  const world = await boot(t, { vars: { LIMITS: "on" } });
  const guess = () =>
    world.client.post("/auth/login", {
      ...from("203.0.113.7"),
      json: { email: ADA, password: "a wrong guess" },
    });
  const first = await guess();
  let last = first;
  for (let n = 0; n < 30 && last.status !== 429; n++) last = await guess();
  assert.equal(last.status, 429);
  const [[failed], [hit]] = [await world.eventsOf(first), await world.eventsOf(last)];
  assert.deepEqual(
    [hit.event, hit.level, hit.reason, hit.address, hit.network],
    ["limit_hit", "warn", "client_on_account", failed.address, failed.network],
  );
});

test("by RPC: the client that the caller names, and nobody for revoke_tokens", async (t) => {
  const world = await boot(t, { caller });
  const rpc = callsOf(world.edge.askCaller);
  const { user } = await rpc.value("generate_token", ADA, PASSWORD, { ip: "203.0.113.7" });
  await rpc.value("generate_token", ADA, PASSWORD);
  await rpc.value("revoke_tokens", user.id);
  const overHttp = await world.client.post("/auth/login", {
    ...from("203.0.113.7"),
    json: { email: ADA, password: PASSWORD },
  });
  const [{ network }] = await world.eventsOf(overHttp);
  const events = world
    .logs()
    .filter(({ event }) => ["signed_in", "sessions_revoked"].includes(event));
  assert.deepEqual(
    events.map((line) => [line.event, line.by, line.network]),
    [
      ["signed_in", undefined, network],
      ["signed_in", undefined, undefined],
      ["sessions_revoked", undefined, undefined],
      ["signed_in", undefined, network],
    ],
  );
  const calls = world
    .logs()
    .filter(({ event }) => event === "rpc")
    .map(({ request_id }) => request_id);
  assert.ok(events.slice(0, 3).every(({ request_id }) => calls.includes(request_id)));
});
