// The tabs of an origin communicate over a BroadcastChannel. Any script of the origin can send
// messages on this channel. Whatever a message says, it must not sign anybody in, remove a newer
// token, or make the client send requests forever.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, BOB } from "./service.mjs";
import { signedIn, World } from "./world.mjs";

const MINUTE = 60_000;
const version = 1;

const part = (value) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const forged = (claims) => `${part({ alg: "none" })}.${part(claims)}.eA`;

function messages(world, token) {
  const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  const now = Math.floor(world.time / 1000);
  const with_ = (more) => ({
    version,
    type: "token",
    cause: "renewal",
    token: forged({ ...claims, ...more }),
  });
  return [
    undefined,
    null,
    0,
    "",
    "token",
    [],
    {},
    [version],
    { version },
    { version: 2, type: "token", cause: "renewal", token },
    { version, type: "token", cause: "renewal" },
    { version, type: "token", cause: "renewal", token: null },
    { version, type: "token", cause: "renewal", token: { toString: "x" } },
    { version, type: "token", cause: "renewal", token: "a.b.c" },
    { version, type: "token", cause: "renewal", token: "..".padEnd(10_000_000, "x") },
    { version, type: "token", cause: "renewal", token: `e30.${part("[]")}.eA` },
    { version, type: "token", cause: "renewal", token: `e30.${part("null")}.eA` },
    { version, type: "token", cause: "renewal", token: `e30.${part("{")}.eA` },
    {
      version,
      type: "token",
      cause: "renewal",
      token: `e30.${Buffer.from([0xff, 0xfe]).toString("base64url")}.eA`,
    },
    { version, type: "token", cause: "constructor", token },
    { version, type: "__proto__", token },
    with_({ iat: claims.iat - 60, exp: claims.exp - 60 }),
    with_({ iat: "now" }),
    with_({ exp: null }),
    with_({ iat: now, exp: now + 10 ** 9 }),
    with_({ iat: 2 ** 60, exp: 2 ** 60 + 600 }),
    with_({ iat: now - 7200, exp: now - 3600 }),
    with_({ iat: now, exp: now }),
    with_({ iat: now + 5, exp: now + 605, iss: "https://evil.example" }),
    with_({ iat: now + 5, exp: now + 605, sub: "" }),
    with_({ iat: now + 5, exp: now + 605, sub: 7 }),
    with_({ iat: now + 5, exp: now + 605, sid: undefined }),
    { version, type: "signed_out", reason: "logout" },
    { version, type: "signed_out", reason: "logout", sub: claims.sub, sid: "another" },
    { version, type: "signed_out", reason: "logout", sub: "another", sid: claims.sid },
    { version, type: "signed_out", reason: "<b>", sub: claims.sub, sid: claims.sid },
    { version, type: "signed_out", reason: "logout", sub: claims.sub, sid: { length: 1 } },
  ];
}

test("garbage, old, foreign and impossible messages change nothing", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  await world.advance(MINUTE);
  const token = await client.accessToken();
  for (const message of messages(world, token)) {
    world.say(message);
    await world.advance(5);
    assert.equal(await client.accessToken(), token, JSON.stringify(message)?.slice(0, 200));
    assert.deepEqual([client.status, client.user], ["signed_in", ADA]);
  }
  await world.advance(30_000);
  assert.deepEqual([client.status, client.user], ["signed_in", ADA]);
  assert.ok(!events.some((event) => event.startsWith("signed-out")));
  world.close();
});

test("another user's token signs nobody in: the cookie is asked, and asked seldom", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  const bobs = world.service.token({ ...world.service.user(BOB.id), version: 1 }, "bobs");
  for (const cause of ["renewal", "login"]) {
    for (let second = 0; second < 60; second += 1) {
      for (let i = 0; i < 20; i += 1) world.say({ version, type: "token", cause, token: bobs });
      await world.advance(1000);
      assert.deepEqual([client.status, client.user], ["signed_in", ADA]);
      assert.notEqual(await client.accessToken(), bobs);
    }
  }
  assert.ok(
    world.service.count("/auth/token") <= 25,
    `${world.service.count("/auth/token")} in two minutes`,
  );
  assert.ok(!events.some((event) => event.startsWith("signed-out")));
  world.close();
});

test("a token from the future is not taken: the service is asked instead, and asked seldom", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  for (let second = 0; second < 60; second += 1) {
    const iat = Math.floor(world.time / 1000) + 3600;
    const { sid } = JSON.parse(
      Buffer.from((await client.accessToken()).split(".")[1], "base64url").toString(),
    );
    const token = world.service.token({ ...world.service.user(ADA.id), version: 1 }, sid, { iat });
    for (let i = 0; i < 20; i += 1) world.say({ version, type: "token", cause: "renewal", token });
    await world.advance(1000);
    assert.deepEqual([client.status, client.user], ["signed_in", ADA]);
    assert.notEqual(await client.accessToken(), token);
  }
  const renewals = world.service.count("/auth/token");
  assert.ok(renewals <= 13, `${renewals} in a minute`);
  assert.ok(!events.some((event) => event.startsWith("signed-out")));
  world.close();
});

test("where nobody is signed in a message signs nobody in", async () => {
  const world = new World();
  const { client, events } = world.tab();
  await world.run(client.ready());
  world.say({
    version,
    type: "token",
    cause: "login",
    token: world.service.token({ ...world.service.user(ADA.id), version: 1 }, "session-x"),
  });
  await world.advance(10_000);
  assert.deepEqual([client.status, client.user, events], ["signed_out", null, []]);
  world.close();
});

test("a newer token of the same user that the service does not know is replaced at the first refusal", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  await world.advance(MINUTE);
  const claims = JSON.parse(
    Buffer.from((await client.accessToken()).split(".")[1], "base64url").toString(),
  );
  const now = Math.floor(world.time / 1000);
  const evil = forged({ ...claims, sid: "evil", iat: now, exp: now + 86_400, roles: ["admin"] });
  world.say({ version, type: "token", cause: "renewal", token: evil });
  await world.advance(5);
  assert.equal(await client.accessToken(), evil, "claims can't be told from the service's here");
  assert.equal((await world.run(client.fetch("https://app.example.com/api"))).status, 200);
  assert.ok(world.service.check(`Bearer ${await client.accessToken()}`));
  assert.deepEqual(client.user, ADA);
  world.close();
});

test("another service's channel is another", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const claims = JSON.parse(
    Buffer.from((await client.accessToken()).split(".")[1], "base64url").toString(),
  );
  const message = {
    version,
    type: "signed_out",
    reason: "logout",
    sub: claims.sub,
    sid: claims.sid,
  };
  world.say(message, "edgegate:https://other.example.com");
  await world.advance(100);
  assert.equal(client.status, "signed_in");
  world.say(message);
  await world.advance(100);
  assert.equal(client.status, "signed_out");
  world.close();
});

test("the answers' own traps: a user that is not the token's, one without its members", async () => {
  const { page } = await import("./service.mjs");
  for (const spoil of [
    (body) => ({ ...body, user: { ...ADA, id: BOB.id } }),
    (body) => ({ ...body, user: undefined }),
    (body) => ({ ...body, user: { id: ADA.id } }),
    (body) => ({ ...body, user: { ...ADA, roles: "admin" } }),
    (body) => ({ ...body, access_token: 7 }),
    (body) => ({ ...body, access_token: body.access_token.slice(0, 30) }),
    (body) => [body],
  ]) {
    const world = new World();
    const { answer } = world.service;
    world.service.answer = async (...args) => {
      const { response } = await answer.apply(world.service, args);
      return {
        response: new Response(JSON.stringify(spoil(await response.json())), {
          headers: { "Content-Type": "application/json" },
        }),
      };
    };
    const { client, events } = world.tab();
    assert.equal(
      (
        await world.fails(
          client.login({ email: ADA.email, password: "correct horse battery staple" }),
        )
      ).code,
      "network_error",
    );
    assert.deepEqual([client.status, events], ["unknown", []]);
    world.service.answer = async () => ({ response: page() });
    for (const call of [
      () => client.register({ email: "a@example.com" }),
      () => client.requestPasswordReset("a@example.com"),
      () => client.confirmEmailChange("x"),
    ]) {
      assert.equal((await world.fails(call())).code, "network_error");
    }
    world.close();
  }
});
