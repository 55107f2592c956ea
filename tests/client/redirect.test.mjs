// Tests how a user signs in by a redirect to the service and back: what happens on the way, what is
// left in the browser afterwards, and how a session ends.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ADA, BOB, CLIENT_ID, ISSUER, REDIRECT_URI } from "./issuer.mjs";
import { RedirectClient } from "./redirect-client.mjs";
import { API, HOME, RedirectWorld } from "./redirect-world.mjs";

const FLAG = `edgegate:${ISSUER}:${CLIENT_ID}:signed-in`;
const everythingStored = (world, ...tabs) =>
  JSON.stringify([[...world.storage], ...tabs.map(({ stored }) => [...stored])]);

test("the request has everything that OAuth 2.1 and OpenID Connect need", async () => {
  const world = new RedirectWorld();
  const tab = world.open();
  tab.leave(tab.client.signInWithRedirect({ prompt: "login", maxAge: 60, loginHint: ADA.email }));
  await world.settle();
  assert.equal(tab.page.how, "assign");
  const { origin, pathname, searchParams } = new URL(tab.page.left ?? "");
  assert.equal(`${origin}${pathname}`, `${ISSUER}/auth/authorize`);
  const { state, nonce, code_challenge, ...rest } = Object.fromEntries(searchParams);
  assert.deepEqual(rest, {
    response_type: "code",
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    code_challenge_method: "S256",
    scope: "openid profile email",
    resource: API,
    prompt: "login",
    max_age: "60",
    login_hint: ADA.email,
  });
  for (const secret of [state, nonce, code_challenge]) assert.match(secret, /^[\w-]{43}$/);
  const [trip] = JSON.parse([...tab.stored.values()][0]);
  const hash = createHash("sha256").update(trip.verifier).digest("base64url");
  assert.equal(code_challenge, hash);
  assert.equal(new Set([state, nonce, trip.verifier]).size, 3);
  world.close();
});

test("a sign-in: the user of the id_token, the address that was left, and no token in any storage", async () => {
  const world = new RedirectWorld();
  const tab = world.open();
  const told = [];
  const result = await tab.signIn();
  tab.client.addEventListener("change", ({ detail }) => told.push(detail));
  assert.deepEqual(result, {
    user: {
      ...{ id: ADA.id, email: ADA.email, email_verified: true },
      ...{ first_name: "Ada", last_name: "Lovelace", roles: ["user"] },
    },
    returnTo: "/orders?page=2#top",
  });
  assert.equal(tab.client.user, result?.user);
  assert.ok(Object.isFrozen(result?.user));
  assert.equal(tab.client.status, "signed_in");
  assert.equal(tab.page.href, HOME);
  assert.equal(tab.page.shown.length, 2, "the address is cleaned once");
  assert.deepEqual(tab.page.events, ["signed-in"]);
  const [{ form, credentials }] = world.issuer.log.filter(({ path }) => path === "/auth/token");
  assert.deepEqual(
    { ...form, code: 0, code_verifier: 0 },
    {
      ...{ grant_type: "authorization_code", code: 0, code_verifier: 0 },
      ...{ redirect_uri: REDIRECT_URI, client_id: CLIENT_ID },
    },
  );
  assert.equal(credentials, "same-origin");
  assert.equal(tab.stored.size, 0);
  assert.deepEqual([...world.storage.keys()], [FLAG]);
  const secrets = [await world.run(tab.client.accessToken()), "ega_", "egk_", form.code_verifier];
  for (const secret of secrets) assert.ok(!everythingStored(world, tab).includes(secret));
  assert.equal(world.issuer.count("/auth/me"), 0);
  world.close();
});

test("subscribe and ready() handle the answer by themselves, and share its result", async () => {
  const world = new RedirectWorld();
  const tab = world.open();
  tab.leave(tab.client.signInWithRedirect());
  await world.settle();
  world.issuer.signedOn = ADA;
  tab.follow();
  const states = [];
  tab.client.subscribe(({ status }) => states.push(status));
  const both = Promise.all([tab.client.ready(), tab.client.handleRedirect(), tab.client.ready()]);
  const [user, result, again] = await world.run(both);
  assert.equal(user?.email, ADA.email);
  assert.equal(result?.user, user);
  assert.equal(again, user);
  assert.deepEqual(states, ["signed_in"]);
  assert.equal(world.issuer.count("/auth/token"), 1);
  world.close();
});

test("a code is used once, however often it is handled", async () => {
  const world = new RedirectWorld();
  const tab = world.open();
  tab.leave(tab.client.signInWithRedirect());
  await world.settle();
  world.issuer.signedOn = ADA;
  const { href } = tab.follow();
  // React's StrictMode runs each effect twice. When the second call begins, the first call has
  // already removed the answer from the address.
  const calls = [tab.client.handleRedirect(), tab.client.handleRedirect()];
  const [one, two] = await world.run(Promise.all(calls));
  assert.equal(one, two);
  assert.equal(await world.run(tab.client.handleRedirect()), one);
  assert.equal(await world.run(tab.client.handleRedirect(href)), one, "by its address");
  assert.equal(world.issuer.count("/auth/token"), 1);
  // The user presses the back button. It leads to the address with the old answer, and the browser
  // loads the page again.
  tab.load(href);
  const error = await world.fails(tab.client.handleRedirect());
  assert.deepEqual([error.code, error.reason], ["redirect_failed", "state_unknown"]);
  assert.equal(tab.page.href, REDIRECT_URI, "the code is not left in the address");
  assert.equal(world.issuer.count("/auth/token"), 1);
  world.close();
});

test("several tabs at once: each has its own round trip and its own session", async () => {
  const world = new RedirectWorld();
  const [one, two] = [world.open(), world.open("https://app.example.com/two")];
  for (const tab of [one, two]) tab.leave(tab.client.signInWithRedirect());
  await world.settle();
  world.issuer.signedOn = ADA;
  two.follow();
  one.follow();
  const both = [one.client.handleRedirect(), two.client.handleRedirect()];
  const [first, second] = await world.run(Promise.all(both));
  assert.equal(first?.returnTo, "/orders?page=2#top");
  assert.equal(second?.returnTo, "/two");
  assert.equal(world.issuer.sessions.size, 2);
  // Each client renews its own token. The four requests are two exchanges of a code and two
  // renewals.
  const before = await world.run(two.client.accessToken());
  await world.advance(550_000);
  assert.equal(world.issuer.count("/auth/token"), 4);
  assert.notEqual(await world.run(two.client.accessToken()), before);
  world.close();
});

test("two sign-ins of one tab: the answer to each fits", async () => {
  const world = new RedirectWorld();
  const tab = world.open();
  tab.leave(tab.client.signInWithRedirect({ returnTo: "/one" }));
  await world.settle();
  const first = world.issuer.authorize(tab.page.left, { user: ADA });
  tab.leave(tab.client.signInWithRedirect({ returnTo: "/two" }));
  await world.settle();
  tab.load(first);
  assert.equal((await world.run(tab.client.handleRedirect()))?.returnTo, "/one");
  world.close();
});

test("an address without an answer is none", async () => {
  const world = new RedirectWorld();
  for (const href of [HOME, `${REDIRECT_URI}?code=promotion`, `${REDIRECT_URI}?state=open`]) {
    const tab = world.open(href);
    assert.equal(await world.run(tab.client.handleRedirect()), null);
    assert.equal(await world.run(tab.client.ready()), null);
    assert.equal(tab.page.href, href);
  }
  const elsewhere = world.open("https://app.example.com/other?code=1&state=2");
  assert.equal(await world.run(elsewhere.client.handleRedirect()), null);
  world.close();
});

test("an error of the service", async () => {
  const world = new RedirectWorld();
  for (const [error, reason] of [
    ["access_denied", "access_denied"],
    ["interaction_required", "interaction_required"],
    ["<script>", "unknown_error"],
  ]) {
    const tab = world.open();
    tab.leave(tab.client.signInWithRedirect());
    await world.settle();
    tab.follow({ user: null, error });
    const thrown = await world.fails(tab.client.handleRedirect());
    assert.deepEqual([thrown.code, thrown.reason], ["sign_in_refused", reason]);
    assert.ok(!thrown.message.includes("<"));
    assert.equal(tab.page.href, HOME);
    assert.deepEqual(tab.client.getSnapshot(), { status: "signed_out", user: null });
    assert.equal(await world.run(tab.client.ready()), null);
  }
  assert.equal(world.issuer.count("/auth/token"), 0);
  world.close();
});

test("scope and resource of one sign-in, and no answer without an id_token", async () => {
  const world = new RedirectWorld();
  const tab = world.open();
  await tab.signIn({ scope: "orders.read", resource: "https://other.example.org" });
  const [asked] = world.issuer.asked;
  assert.equal(asked.get("scope"), "openid orders.read");
  assert.equal(asked.get("resource"), "https://other.example.org");
  // The client requests the same scope again after a reload.
  tab.reload();
  tab.leave(tab.client.ready());
  await world.settle();
  const again = new URL(tab.page.left ?? "").searchParams;
  assert.equal(again.get("scope"), "openid orders.read");
  assert.equal(again.get("resource"), "https://other.example.org");
  world.issuer.change = (body) => delete body.id_token;
  tab.follow();
  const error = await world.fails(tab.client.handleRedirect());
  assert.deepEqual([error.code, error.reason], ["invalid_id_token", "missing"]);
  assert.equal(tab.client.status, "signed_out");
  world.close();
});

test("fetch sends the token to the resource", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  world.issuer.fault = ({ path }) => (path === "/orders" ? new Response("[]") : undefined);
  const response = await world.run(tab.client.fetch(`${API}/orders`));
  assert.equal(response.status, 200);
  const { headers } = world.issuer.log.at(-1) ?? {};
  assert.match(headers?.get("Authorization") ?? "", /^Bearer ey/);
  const error = await world.fails(tab.client.fetch("https://elsewhere.example/"));
  assert.equal(error.code, "invalid_argument");
  world.close();
});

test("it renews with the refresh token of the app, and the user follows the id_token", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  const [session] = world.issuer.sessions.values();
  const used = [];
  world.issuer.fault = ({ path, form }) =>
    void (
      path === "/auth/token" && used.push([form.grant_type, form.refresh_token, form.client_id])
    );
  const first = session.token;
  session.user = { ...ADA, first_name: "Augusta", roles: ["admin", "user"] };
  await world.advance(550_000);
  const second = session.token;
  assert.deepEqual(used, [["refresh_token", first, CLIENT_ID]]);
  assert.equal(tab.client.user?.first_name, "Augusta");
  assert.deepEqual(tab.client.user?.roles, ["admin", "user"]);
  world.issuer.change = (body) => delete body.id_token;
  session.user = { ...session.user, roles: ["user"] };
  await world.advance(550_000);
  assert.equal(used.at(-1)?.[1], second);
  assert.equal(tab.client.user?.first_name, "Augusta");
  assert.deepEqual(tab.client.user?.roles, ["user"]);
  assert.equal(tab.client.status, "signed_in");
  assert.deepEqual(tab.page.events, ["signed-in", "renewed", "renewed"]);
  world.close();
});

test("a renewal for another user, and one with a forged id_token, change nothing", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  const [session] = world.issuer.sessions.values();
  const before = tab.client.getSnapshot();
  session.user = BOB;
  await world.advance(550_000);
  assert.equal(tab.client.getSnapshot(), before);
  session.user = ADA;
  world.issuer.forge = ({ claims }) => {
    claims.aud = "other";
  };
  await world.advance(60_000);
  const error = await world.fails(tab.client.accessToken());
  assert.deepEqual([error.code, error.reason], ["invalid_id_token", "aud_wrong"]);
  assert.equal(tab.client.getSnapshot(), before);
  world.issuer.forge = () => {};
  await world.advance(120_000);
  assert.match(await world.run(tab.client.accessToken()), /^ey/);
  world.close();
});

test("offline and 503 end no session; invalid_grant does, and the next load asks again", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  world.issuer.fault = () => "offline";
  await world.advance(700_000);
  const error = await world.fails(tab.client.accessToken());
  assert.equal(error.code, "network_error");
  assert.ok(!error.message.includes("ALLOWED_ORIGINS"));
  assert.equal(tab.client.status, "signed_in");
  world.issuer.fault = () => undefined;
  for (const session of world.issuer.sessions.values()) session.isOver = true;
  await world.advance(120_000);
  assert.equal(tab.client.getSnapshot().status, "signed_out");
  assert.equal(tab.page.events.at(-1), "signed-out: session_ended");
  assert.equal(await world.run(tab.client.ready()), null);
  assert.equal(tab.page.left, undefined, "no round trip while the page is open");
  assert.equal(await world.run(tab.client.handleRedirect()), null);
  tab.reload();
  tab.leave(tab.client.ready());
  await world.settle();
  assert.equal(tab.page.how, "replace");
  world.close();
});

test("signOut: forgets at once, ends the session, and a reload asks nobody", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  const [session] = world.issuer.sessions.values();
  const { token } = session;
  const done = tab.client.signOut();
  assert.equal(tab.client.status, "signed_out");
  await world.run(done);
  const { form } = world.issuer.log.at(-1) ?? {};
  assert.deepEqual(form, { token, token_type_hint: "refresh_token", client_id: CLIENT_ID });
  assert.ok(session.isOver);
  assert.deepEqual(tab.page.events, ["signed-in", "signed-out: logout"]);
  assert.equal((await world.fails(tab.client.accessToken())).code, "signed_out");
  tab.reload();
  assert.equal(await world.run(tab.client.ready()), null);
  assert.equal(tab.page.left, undefined);
  world.close();
});

test("signOut while the service can't be reached: again later", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  world.issuer.fault = () => "offline";
  assert.equal((await world.fails(tab.client.logout())).code, "network_error");
  assert.equal(tab.client.status, "signed_out");
  assert.equal(world.storage.get(FLAG), "out");
  world.issuer.fault = () => undefined;
  await world.run(tab.client.signOut());
  assert.ok([...world.issuer.sessions.values()][0].isOver);
  const asked = world.issuer.count("/auth/revoke");
  await world.run(tab.client.signOut());
  assert.equal(world.issuer.count("/auth/revoke"), asked, "there is nothing left to revoke");
  world.close();
});

test("signOut in one tab signs out the others, each with its own session", async () => {
  const world = new RedirectWorld();
  const [one, two] = [await world.signedIn(), await world.signedIn()];
  await world.run(one.client.signOut());
  const storage = Object.assign(new Event("storage"), {
    ...{ key: FLAG, newValue: world.storage.get(FLAG) },
  });
  two.page.window.dispatchEvent(storage);
  assert.equal(two.client.status, "signed_out");
  assert.equal(two.page.events.at(-1), "signed-out: other_tab");
  await world.advance(1_000);
  assert.ok([...world.issuer.sessions.values()].every(({ isOver }) => isOver));
  world.close();
});

test("signOut with endSession leaves for the service, also if the session can't be ended", async () => {
  const world = new RedirectWorld();
  for (const fault of /** @type {const} */ ([undefined, "offline"])) {
    const tab = await world.signedIn();
    world.issuer.fault = () => fault;
    tab.leave(
      tab.client.signOut({
        endSession: true,
        postLogoutRedirectUri: "https://app.example.com/bye",
      }),
    );
    await world.advance(1_000);
    world.issuer.fault = () => undefined;
    const { origin, pathname, searchParams } = new URL(tab.page.left ?? "");
    assert.equal(`${origin}${pathname}`, `${ISSUER}/auth/logout`);
    const { id_token_hint, ...rest } = Object.fromEntries(searchParams);
    assert.match(id_token_hint, /^ey[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.deepEqual(rest, {
      client_id: CLIENT_ID,
      post_logout_redirect_uri: "https://app.example.com/bye",
    });
  }
  world.close();
});

test("signOut while a sign-in is on its way: nobody is signed in, and the new session ends", async () => {
  const world = new RedirectWorld();
  const tab = world.open();
  tab.leave(tab.client.signInWithRedirect());
  await world.settle();
  world.issuer.signedOn = ADA;
  tab.follow();
  const handled = tab.client.handleRedirect();
  const failed = assert.rejects(handled, { code: "signed_out" });
  await world.advance(30);
  await world.run(tab.client.signOut());
  await world.run(failed);
  await world.advance(1_000);
  assert.equal(tab.client.status, "signed_out");
  assert.ok([...world.issuer.sessions.values()].every(({ isOver }) => isOver));
  assert.equal(world.storage.get(FLAG), "out");
  world.close();
});

test("everything that changes the account rejects, and sends nothing", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  const asked = world.issuer.log.length;
  for (const method of /** @type {const} */ ([
    ...["login", "register", "requestPasswordReset", "requestEmailVerification", "verifyEmail"],
    ...["confirmPasswordReset", "confirmEmailChange", "changePassword", "changeEmail", "me"],
    ...["deleteAccount", "reauthenticate", "sessions", "endSession", "endOtherSessions"],
  ])) {
    const error = await tab.client[/** @type {"me"} */ (method)]().catch((reason) => reason);
    assert.equal(error.code, "not_for_apps");
    assert.match(error.message, new RegExp(`^${method}\\(\\).*${ISSUER}$`));
  }
  assert.equal(world.issuer.log.length, asked);
  assert.equal(tab.client.status, "signed_in");
  world.close();
});

test("on a server it is made, shows `unknown`, and says what it lacks", async () => {
  const client = new RedirectClient({
    ...{ issuer: ISSUER, clientId: CLIENT_ID, redirectUri: "/callback" },
    platform: { location: null, document: null, window: null, storage: null },
  });
  assert.deepEqual(client.getServerSnapshot(), { status: "unknown", user: null });
  const end = client.subscribe(() => {});
  for (const call of [
    () => client.ready(),
    () => client.handleRedirect(),
    () => client.signInWithRedirect(),
  ])
    await assert.rejects(call(), { code: "invalid_argument", message: /no page here/ });
  end();
  client.close();
});

test("options and requests that are wrong", async () => {
  const right = { issuer: ISSUER, clientId: CLIENT_ID, redirectUri: REDIRECT_URI };
  for (const wrong of [
    { issuer: "http://auth.example.net" },
    { issuer: `${ISSUER}/path` },
    { issuer: undefined },
    { clientId: "" },
    { clientId: 5 },
    { redirectUri: undefined },
    { scope: 'a"b' },
    { resource: 5 },
    { resource: "api" },
    { origins: "https://api.example.org" },
    { fetch: "fetch" },
    { url: ISSUER },
  ])
    assert.throws(
      () => new RedirectClient(/** @type {any} */ ({ ...right, ...wrong })),
      { name: "EdgegateError", code: "invalid_argument" },
      JSON.stringify(wrong),
    );
  assert.throws(() => new RedirectClient(/** @type {any} */ (undefined)), {
    code: "invalid_argument",
  });
  new RedirectClient({ ...right, issuer: "http://127.0.0.1:8787" });
  const world = new RedirectWorld();
  const tab = world.open();
  for (const wrong of [
    null,
    5,
    { maxAge: -1 },
    { maxAge: "60" },
    { prompt: 5 },
    { returnTo: {} },
    { loginHint: "a".repeat(3000) },
    { state: "mine" },
  ])
    assert.equal(
      (await world.fails(tab.client.signInWithRedirect(/** @type {any} */ (wrong)))).code,
      "invalid_argument",
      JSON.stringify(wrong),
    );
  for (const wrong of [null, { endSession: "yes" }, { all: true }])
    assert.equal(
      (await world.fails(tab.client.signOut(/** @type {any} */ (wrong)))).code,
      "invalid_argument",
    );
  const { handleRedirect } = tab.client;
  await assert.rejects(handleRedirect.call(/** @type {any} */ ({})), { code: "invalid_argument" });
  assert.equal(tab.page.left, undefined);
  world.close();
});
