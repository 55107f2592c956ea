// The client throws only EdgegateErrors, whatever the arguments are. There is one exception: if the
// caller aborts a `fetch`, the client throws the reason of the caller's AbortSignal.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthClient, EdgegateError } from "./client.mjs";
import { ADA, PASSWORD } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const boom = () => {
  throw new Error("boom");
};
const trapped = () =>
  new Proxy(
    {},
    { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom, getOwnPropertyDescriptor: boom },
  );
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const throwing = (name) => Object.defineProperty({}, name, { get: boom, enumerable: true });
const detached = () => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
};
function* endless() {
  for (;;) yield "https://x.example";
}

const VALUES = () => [
  undefined,
  null,
  0,
  5n,
  true,
  Symbol("x"),
  () => {},
  [],
  trapped(),
  revoked(),
  { toString: boom },
  { [Symbol.toPrimitive]: boom },
  { toString: () => Symbol("x") },
  Object.create(null),
  detached(),
  ...[
    "email",
    "password",
    "token",
    "current_password",
    "new_password",
    "first_name",
    "url",
    "origins",
    "fetch",
    "platform",
  ].map(throwing),
];

const ours = (what) => (error) => {
  assert.ok(error instanceof EdgegateError, `${what}: ${error}`);
  return true;
};
const show = (value) => {
  try {
    return typeof value === "symbol" ? "a symbol" : `${typeof value} ${Object.keys(value ?? {})}`;
  } catch {
    return "a proxy";
  }
};

const METHODS = [AuthClient.prototype, Object.getPrototypeOf(AuthClient.prototype)]
  .flatMap((prototype) => Object.getOwnPropertyNames(prototype))
  .filter((name) => !["constructor", "user", "status", "close"].includes(name));

for (const name of METHODS) {
  test(`${name}: an argument of any kind, and without its client`, async () => {
    const world = new World();
    const { client } = await signedIn(world);
    for (const value of VALUES()) {
      // Methods without parameters ignore every argument.
      await world.run(client[name](value).then(() => {}, ours(`${name}(${show(value)})`)));
    }
    for (const other of [
      undefined,
      null,
      5,
      {},
      trapped(),
      revoked(),
      new Proxy(client, {}),
      Object.create(client),
    ]) {
      await assert.rejects(client[name].call(other), {
        name: "EdgegateError",
        code: "invalid_argument",
      });
    }
    world.close();
  });
}

test("each member that a method reads, with a getter that throws", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const asked = world.service.log.length;
  for (const [method, names] of Object.entries({
    login: ["email", "password"],
    register: ["email", "first_name", "last_name", "password"],
    confirmPasswordReset: ["token", "password"],
    verifyEmail: ["token", "password"],
    changePassword: ["current_password", "new_password"],
    changeEmail: ["email", "current_password"],
    deleteAccount: ["current_password"],
  })) {
    for (const name of names) {
      const given = Object.fromEntries(names.map((one) => [one, "x"]));
      Object.defineProperty(given, name, { get: boom });
      await assert.rejects(
        client[method](given),
        { name: "EdgegateError", code: "invalid_argument" },
        `${method} ${name}`,
      );
    }
  }
  assert.equal(world.service.log.length, asked);
  world.close();
});

test("the constructor: options of any kind", () => {
  const platform = { origin: ORIGIN, document: null, window: null, storage: null };
  for (const value of VALUES()) {
    const what = show(value);
    assert.throws(
      () => new AuthClient({ platform, url: value ?? 5 }),
      ours(`url: ${what}`),
      `url: ${what}`,
    );
    const isList = what === "object " && Symbol.iterator in Object(value);
    if (value != null && !isList)
      assert.throws(
        () => new AuthClient({ platform, origins: value }),
        ours(`origins: ${what}`),
        what,
      );
    if (value != null && typeof value !== "function") {
      assert.throws(
        () => new AuthClient({ platform, fetch: value }),
        ours(`fetch: ${what}`),
        `fetch: ${what}`,
      );
    }
    // Of these values, only two are valid options: `undefined` and an object without members.
    const make = () => new AuthClient(value);
    if (value === undefined || (value !== null && what === "object "))
      assert.ok(make() instanceof AuthClient, what);
    else assert.throws(make, ours(what), what);
    if (typeof value !== "function")
      assert.throws(
        () => new AuthClient({ platform }).subscribe(value),
        ours(`subscribe: ${what}`),
      );
  }
  for (const origins of [
    endless(),
    [trapped()],
    [revoked()],
    [{ toString: boom }],
    { [Symbol.iterator]: boom },
    { [Symbol.iterator]: () => ({ next: boom }) },
  ]) {
    // @ts-expect-error: these values are not lists of origins
    assert.throws(() => new AuthClient({ platform, origins }), {
      name: "EdgegateError",
      code: "invalid_argument",
    });
  }
  for (const replaced of [trapped(), revoked(), throwing("now")]) {
    assert.throws(() => new AuthClient({ url: ORIGIN, platform: replaced }), {
      name: "EdgegateError",
      code: "invalid_argument",
    });
  }
  for (const name of ["user", "status"]) {
    assert.throws(() => AuthClient.prototype[name], {
      name: "EdgegateError",
      code: "invalid_argument",
    });
  }
  assert.throws(() => AuthClient.prototype.close(), {
    name: "EdgegateError",
    code: "invalid_argument",
  });
});

test("fetch: hostile requests, and bodies that break", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const used = new Request(`${ORIGIN}/api`, { method: "POST", body: "x" });
  await used.text();
  const breaking = () =>
    new ReadableStream({ pull: (controller) => controller.error(new Error("boom")) });
  const abortError = Object.defineProperty({}, "method", {
    get() {
      throw new DOMException("not the caller's signal", "AbortError");
    },
  });
  let reads = 0;
  const changing = {
    method: "POST",
    get body() {
      reads += 1;
      return reads > 1 ? boom() : "x";
    },
  };
  for (const [input, init] of [
    [trapped()],
    [revoked()],
    [{ toString: boom }],
    [Symbol("x")],
    [used],
    [`${ORIGIN}/api`, trapped()],
    [`${ORIGIN}/api`, revoked()],
    [`${ORIGIN}/api`, throwing("body")],
    [`${ORIGIN}/api`, throwing("signal")],
    [`${ORIGIN}/api`, abortError],
    [`${ORIGIN}/api`, changing],
    [`${ORIGIN}/api`, { signal: {} }],
    [`${ORIGIN}/api`, { headers: revoked() }],
    [`${ORIGIN}/api`, { method: "POST", body: breaking(), duplex: "half" }],
  ]) {
    // @ts-expect-error: fetch does not accept these arguments
    await assert.rejects(world.run(client.fetch(input, init)), ours(show(init ?? input)));
  }
  world.close();
});

test("fetch: only the reason of the caller's own signal comes as it is", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  for (const reason of [new Error("mine"), "a text", 7, revoked()]) {
    const abort = new AbortController();
    const call = client
      .fetch(`${ORIGIN}/api`, { signal: abort.signal })
      .then(boom, (thrown) => [thrown]);
    abort.abort(reason);
    assert.ok(Object.is((await world.run(call))[0], reason));
  }
  world.close();
});

test("a fetch that was handed in and answers or throws anything", async () => {
  const bad401 = () =>
    Object.defineProperty(
      new Response("x", { status: 401, headers: { "Content-Type": "application/problem+json" } }),
      "clone",
      { value: boom },
    );
  const junk = {
    throws: boom,
    "rejects with nothing": () => Promise.reject(),
    "rejects with a revoked proxy": () => Promise.reject(revoked()),
    "rejects with a trap": () => Promise.reject(trapped()),
    "rejects with an AbortError": () => Promise.reject(new DOMException("x", "AbortError")),
    ...Object.fromEntries(
      [
        undefined,
        null,
        5,
        "",
        {},
        [],
        trapped(),
        revoked(),
        { status: 200 },
        { status: 401, headers: {} },
      ].map((value, i) => [`answers junk ${i}`, () => value]),
    ),
    // biome-ignore lint/suspicious/noThenProperty: this test passes such an object
    "answers a thenable that throws": () => ({ then: boom }),
    "answers a broken body": () =>
      new Response(new ReadableStream({ pull: (it) => it.error(revoked()) }), {
        headers: { "Content-Type": "application/json" },
      }),
    "answers no bytes": () =>
      new Response(new ReadableStream({ start: (it) => it.enqueue("text") }), {
        headers: { "Content-Type": "application/json" },
      }),
    "answers a used body": () => {
      const response = Response.json({});
      response.text();
      return response;
    },
    "answers a 401 that can't be copied": bad401,
  };
  for (const [how, fetch] of Object.entries(junk)) {
    const world = new World();
    const first = await signedIn(world);
    let broken = false;
    const { client } = world.tab({
      // @ts-expect-error: some of these functions return something other than a Response
      platform: { fetch: (input, init) => (broken ? fetch() : first.platform.fetch(input, init)) },
    });
    await world.run(client.ready());
    broken = true;
    for (const call of [
      () => client.me(),
      () => client.sessions(),
      () => client.requestPasswordReset(ADA.email),
      () => client.login({ email: ADA.email, password: PASSWORD }),
      () => client.reauthenticate(PASSWORD),
      () => client.logout(),
    ]) {
      const error = await world.fails(call());
      ours(`${how}, ${call}`)(error);
    }
    broken = false;
    await world.run(client.login({ email: ADA.email, password: PASSWORD }));
    broken = true;
    const answer = await world.run(client.fetch(`${ORIGIN}/api`).catch((error) => error));
    if (!(answer instanceof Response)) ours(`${how}, fetch`)(answer);
    world.close();
  }
});

test("an aborted fetch while nobody is signed in leaves no rejection unhandled", async () => {
  const unhandled = [];
  const note = (reason) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  const world = new World();
  const { client } = world.tab();
  assert.equal(await world.run(client.ready()), null);
  const signal = AbortSignal.abort("mine");
  await assert.rejects(client.fetch(`${ORIGIN}/x`, { signal }), (reason) => reason === "mine");
  // Wait, because Node reports an unhandled rejection only after the microtasks.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  assert.deepEqual(unhandled, []);
  world.close();
});

test("a fetch that was handed in answers 401 with headers of its own kind", async () => {
  const headers = [
    { get: boom },
    { get: () => undefined },
    { get: () => 5 },
    { get: () => ({ toString: boom }) },
    new Map(),
  ];
  for (const answer of headers.map((one) => ({ status: 401, headers: one }))) {
    const world = new World();
    const { client } = await signedIn(world);
    world.service.fault = ({ path }) =>
      path === "/x" ? /** @type {Response} */ (/** @type {unknown} */ (answer)) : undefined;
    assert.equal(await world.run(client.fetch(`${ORIGIN}/x`)), answer);
    world.close();
  }
});
