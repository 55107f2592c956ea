// Tests how a user signs in, stays signed in, signs out and manages the account, when the network
// and the service work.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthClient } from "./client.mjs";
import { ADA, BOB, PASSWORD } from "./service.mjs";
import { signedIn, World } from "./world.mjs";

const ANOTHER = "a passphrase nobody knows";

test("a login answers the user and tells it", async () => {
  const world = new World();
  const { client, events } = world.tab();
  assert.equal(client.status, "unknown");
  const user = await world.run(client.login({ email: ADA.email, password: PASSWORD }));
  assert.deepEqual(user, ADA);
  assert.deepEqual([client.user, client.status, events], [ADA, "signed_in", ["signed-in"]]);
  assert.ok(Object.isFrozen(user) && Object.isFrozen(user.roles));
  world.close();
});

test("a wrong password says so and changes nothing", async () => {
  const world = new World();
  const { client, events } = world.tab();
  const error = await world.fails(client.login({ email: ADA.email, password: "wrong" }));
  assert.deepEqual(
    [error.name, error.code, error.status],
    ["EdgegateError", "invalid_credentials", 401],
  );
  assert.deepEqual([client.status, events], ["unknown", []]);

  await world.run(client.login({ email: ADA.email, password: PASSWORD }));
  await world.fails(client.login({ email: BOB.email, password: "wrong" }));
  assert.deepEqual([client.user, client.status], [ADA, "signed_in"]);
  await world.advance(660_000);
  assert.equal(world.service.count("/auth/token"), 1, "and the session goes on");
  world.close();
});

test("the token is renewed before it ends, again and again", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  const first = await world.run(client.accessToken());
  for (let second = 0; second < 3600; second += 10) {
    await world.advance(10_000);
    assert.ok(world.service.check(`Bearer ${await client.accessToken()}`), `after ${second} s`);
  }
  const renewals = world.service.count("/auth/token");
  assert.ok(renewals >= 6 && renewals <= 7, `${renewals} renewals in an hour`);
  assert.equal(events.filter((event) => event === "renewed").length, renewals);
  assert.notEqual(await client.accessToken(), first);
  world.close();
});

test("a token that lives a minute is renewed with a quarter left", async () => {
  const world = new World();
  world.service.life = 60;
  const { client } = await signedIn(world);
  await world.advance(600_000);
  const renewals = world.service.count("/auth/token");
  assert.ok(renewals >= 12 && renewals <= 16, `${renewals} in ten minutes`);
  assert.ok(world.service.check(`Bearer ${await client.accessToken()}`));
  world.close();
});

test("a renewal survives the page's end", async () => {
  const world = new World();
  await signedIn(world);
  await world.advance(600_000);
  const [renewal] = world.service.log.filter(({ path }) => path === "/auth/token");
  assert.equal(renewal.keepalive, true);
  assert.equal(renewal.body, '{"grant_type":"refresh_token"}');
  world.close();
});

test("a later page takes up the session, with names", async () => {
  const world = new World();
  (await signedIn(world)).client.close();
  const { client, events } = world.tab();
  const [first, second] = await world.run(Promise.all([client.ready(), client.ready()]));
  assert.deepEqual([first, second], [ADA, ADA]);
  assert.deepEqual(events, ["signed-in"]);
  assert.deepEqual([world.service.count("/auth/token"), world.service.count("/auth/me")], [1, 1]);
  assert.deepEqual(await world.run(client.ready()), ADA);
  assert.equal(world.service.count("/auth/token"), 1, "known: not asked again");
  world.close();
});

test("names that are not available at once arrive later", async () => {
  const world = new World();
  (await signedIn(world)).client.close();
  world.service.fault = ({ path }) => (path === "/auth/me" ? "offline" : undefined);
  const { client, events } = world.tab();
  const user = await world.run(client.ready());
  assert.deepEqual(user, { ...ADA, email: "ada@example.com", first_name: null, last_name: null });
  world.service.fault = () => undefined;
  await world.advance(600_000);
  assert.deepEqual([client.user, events], [ADA, ["signed-in", "renewed"]]);
  world.close();
});

test("nobody is signed in on a first visit, and nothing is told", async () => {
  const world = new World();
  const { client, events } = world.tab();
  assert.equal(await world.run(client.ready()), null);
  assert.deepEqual([client.status, client.user, events], ["signed_out", null, []]);
  world.close();
});

test("roles and address are those of the last renewal", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  Object.assign(world.service.user(ADA.id), {
    roles: ["admin", "user"],
    email: "Countess@Example.com",
  });
  const before = client.user;
  await world.advance(600_000);
  assert.deepEqual(client.user, {
    ...ADA,
    roles: ["admin", "user"],
    email: "Countess@Example.com",
  });
  assert.deepEqual(before, ADA);
  const same = client.user;
  await world.advance(600_000);
  assert.equal(client.user, same, "the same object while nothing changed");
  world.close();
});

test("a logout ends the session on the service and clears the cookie", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  await world.run(client.logout());
  assert.deepEqual([client.status, client.user, world.cookie], ["signed_out", null, undefined]);
  assert.deepEqual(events, ["signed-in", "signed-out: logout"]);
  assert.equal((await world.fails(client.accessToken())).code, "signed_out");
  assert.equal((await world.fails(client.fetch("https://app.example.com/api"))).code, "signed_out");
  assert.equal(world.service.count("/api"), 0);
  assert.equal(world.storage.size, 0);
  assert.equal(world.service.log.at(-1).keepalive, true);
  await world.advance(3_600_000);
  assert.equal(world.service.count("/auth/token"), 0, "nothing goes on");
  world.close();
});

test("a registration signs in, or answers null when a mail was sent", async () => {
  const world = new World();
  const { client } = world.tab();
  assert.equal(await world.run(client.register({ email: "grace@example.com" })), null);
  assert.equal(client.status, "unknown");
  const user = await world.run(
    client.register({ email: "grace@example.com", password: ANOTHER, first_name: "Grace" }),
  );
  assert.deepEqual(
    [user.email, user.first_name, client.status],
    ["grace@example.com", "Grace", "signed_in"],
  );
  assert.ok(await client.accessToken());
  world.close();
});

test("after a change of password the session goes on with the new tokens", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  const other = world.cookie;
  const error = await world.fails(
    client.changePassword({ current_password: "wrong", new_password: ANOTHER }),
  );
  assert.equal(error.code, "invalid_credentials");
  assert.equal(
    world.service.count("/auth/password/change"),
    1,
    "a wrong password is not sent twice",
  );
  await world.run(client.changePassword({ current_password: PASSWORD, new_password: ANOTHER }));
  assert.notEqual(world.cookie, other);
  assert.ok(world.service.check(`Bearer ${await client.accessToken()}`));
  await world.advance(1_200_000);
  assert.deepEqual([client.status, client.user], ["signed_in", ADA]);
  assert.equal(events.filter((event) => event.startsWith("signed-out")).length, 0);
  world.close();
});

test("deleting the account signs out", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  assert.equal(
    (await world.fails(client.deleteAccount({ current_password: "wrong" }))).code,
    "invalid_credentials",
  );
  assert.equal(client.status, "signed_in");
  await world.run(client.deleteAccount({ current_password: PASSWORD }));
  assert.deepEqual(
    [client.status, events.at(-1), world.cookie],
    ["signed_out", "signed-out: account_deleted", undefined],
  );
  world.close();
});

test("sessions: listed, ended, this one too", async () => {
  const world = new World();
  const phone = new World();
  phone.service = world.service;
  await signedIn(phone);
  const { client, events } = await signedIn(world);
  const sessions = await world.run(client.sessions());
  const [away, here] = [sessions.find((it) => !it.current), sessions.find((it) => it.current)];
  await world.run(client.endSession(away.id));
  assert.equal((await world.fails(client.endSession(away.id))).code, "not_found");
  assert.equal(client.status, "signed_in");
  await world.run(client.endOtherSessions());
  await world.run(client.endSession(here.id));
  assert.deepEqual(
    [client.status, events.at(-1), world.cookie],
    ["signed_out", "signed-out: logout", undefined],
  );
  world.close();
  phone.close();
});

test("me takes over what the service says", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  Object.assign(world.service.user(ADA.id), { first_name: "Augusta" });
  assert.equal((await world.run(client.me())).first_name, "Augusta");
  assert.equal(client.user?.first_name, "Augusta");
  world.close();
});

test("a mailed link's use is followed by a renewal", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  Object.assign(world.service.user(ADA.id), { email: "Countess@Example.com", version: 2 });
  await world.run(client.confirmEmailChange("egl_x"));
  await world.advance(1000);
  assert.equal(client.user?.email, "Countess@Example.com");
  world.service.endSessions(ADA.id);
  await world.run(client.confirmPasswordReset({ token: "egl_x", password: ANOTHER }));
  await world.advance(10_000);
  assert.deepEqual([client.status, events.at(-1)], ["signed_out", "signed-out: session_ended"]);
  await world.run(client.verifyEmail({ token: "egl_x", password: ANOTHER }));
  await world.run(client.requestPasswordReset(ADA.email));
  await world.run(client.requestEmailVerification(ADA.email));
  world.close();
});

test("what the caller got wrong is invalid_argument, and nothing is sent", async () => {
  const world = new World();
  const { client } = world.tab();
  const email = ADA.email;
  for (const call of [
    // @ts-expect-error: the credentials are missing
    () => client.login(),
    // @ts-expect-error: the credentials must be an object
    () => client.login(null),
    // @ts-expect-error: the password is missing
    () => client.login({ email }),
    // @ts-expect-error: the password must be a string
    () => client.login({ email, password: 1 }),
    // @ts-expect-error: the email address must be a string
    () => client.login({ email: [email], password: PASSWORD }),
    // @ts-expect-error: the email address is missing
    () => client.register({}),
    // @ts-expect-error: the first name must be a string
    () => client.register({ email, first_name: null }),
    // @ts-expect-error: the email address must be a string, not an object
    () => client.requestPasswordReset({ email }),
    // @ts-expect-error: the new password is missing
    () => client.confirmPasswordReset({ token: "x" }),
    // @ts-expect-error: the argument must be an object
    () => client.verifyEmail("x"),
    // @ts-expect-error: the token is missing
    () => client.confirmEmailChange(undefined),
    // @ts-expect-error: the new password is missing
    () => client.changePassword({ current_password: PASSWORD }),
    // @ts-expect-error: the password is missing
    () => client.changeEmail({ email }),
    // @ts-expect-error: the password is missing
    () => client.deleteAccount(),
    // @ts-expect-error: the session's id must be a string
    () => client.endSession(1),
  ]) {
    assert.equal((await world.fails(call())).code, "invalid_argument", `${call}`);
  }
  assert.equal(world.service.log.length, 0);
  for (const url of [
    "",
    "x",
    "ftp://x.example",
    "https://x.example/path",
    "https://x.example/?q",
    "https://u:p@x.example",
    7,
    {},
  ]) {
    // @ts-expect-error: these values are not URLs
    assert.throws(() => world.tab({ url }), { code: "invalid_argument" }, `${url}`);
  }
  for (const origins of ["https://x.example", [7], ["*"], ["https://x.example/api"], 7]) {
    // @ts-expect-error: these values are not lists of origins
    assert.throws(() => world.tab({ origins }), { code: "invalid_argument" }, `${origins}`);
  }
  world.close();
});

test("a session's id can't lead elsewhere", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  for (const id of ["../me", "..", "a/b", "?x", "#"]) {
    const error = await world.fails(client.endSession(id));
    assert.ok(["not_found", "invalid_argument"].includes(error.code), id);
  }
  assert.ok(
    world.service.log.every(
      ({ method, path }) => method !== "DELETE" || /^\/auth\/sessions\/[^/]+$/.test(path),
    ),
  );
  world.close();
});

test("after close() nothing happens any more, and calls reject", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  client.close();
  await world.advance(3_600_000);
  assert.equal(world.service.count("/auth/token"), 0);
  assert.deepEqual(events, ["signed-in"]);
  for (const call of [
    () => client.ready(),
    () => client.accessToken(),
    () => client.login({ email: ADA.email, password: PASSWORD }),
  ]) {
    assert.equal((await world.fails(call())).code, "invalid_argument");
  }
  client.close();
});

test("closed while it renews", async () => {
  const world = new World();
  (await signedIn(world)).client.close();
  const { client } = world.tab();
  const ready = client.ready().catch((error) => error);
  await world.advance(10);
  client.close();
  assert.equal((await world.run(ready)).code, "invalid_argument");
  world.close();
});

test("it is made where there is no page, and keeps no process alive", async () => {
  const client = new AuthClient({
    url: "https://auth.example.com",
    fetch: async () => new Response("{}"),
  });
  await assert.rejects(client.ready(), { code: "network_error" });
  // This test does not close the client. If the client's timers kept the process alive, the test
  // run would not end.
});

test("without a page and without a url, the first call says what is missing", async () => {
  // An app that is rendered on a server creates the client when a module is loaded. There is no
  // page at that time.
  const client = new AuthClient();
  assert.deepEqual([client.status, client.user], ["unknown", null]);
  assert.deepEqual(client.getSnapshot(), { status: "unknown", user: null });
  assert.ok(Math.abs(client.now() - Date.now()) < 60_000);
  client.subscribe(() => {})();
  client.addEventListener("change", () => {});
  const credentials = { email: ADA.email, password: PASSWORD };
  for (const call of [
    () => client.ready(),
    () => client.login(credentials),
    () => client.register({ email: ADA.email }),
    () => client.logout(),
    () => client.accessToken(),
    () => client.fetch("https://auth.example.com/"),
    () => client.me(),
    () => client.requestPasswordReset(ADA.email),
  ]) {
    const error = await call().then(
      () => undefined,
      (thrown) => thrown,
    );
    assert.deepEqual([error?.name, error?.code], ["EdgegateError", "invalid_argument"], `${call}`);
    assert.match(error.message, /no page .*new AuthClient\(\{ url: /);
  }
  // These are the origins of pages that are loaded from a file, in a sandboxed frame, and in the
  // WebView of a mobile or desktop app.
  for (const origin of ["null", "file://", "capacitor://localhost", "tauri://localhost"]) {
    const page = new AuthClient({ platform: { origin } });
    await assert.rejects(page.ready(), ({ message }) => message.includes(`origin is ${origin}`));
  }
  client.close();
  await assert.rejects(client.ready(), { code: "invalid_argument" });
});

test("the page is looked at when the client is first used", async (t) => {
  const client = new AuthClient({ fetch: async () => new Response("{}") });
  t.after(() => Reflect.deleteProperty(globalThis, "location"));
  globalThis.location = /** @type {Location} */ ({ origin: "https://app.example.com" });
  const error = await client.ready().then(
    () => undefined,
    (thrown) => thrown,
  );
  assert.equal(error.code, "network_error");
  assert.equal(client.status, "unknown");
});
