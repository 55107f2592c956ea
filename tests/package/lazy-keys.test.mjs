// When a verifier is created from the address of a key set, no request is sent. The keys are
// fetched when they are needed for the first time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { startKeyServer } from "./key-server.mjs";
import { importPackage } from "./package.mjs";
import { newKey, OPTIONS, setOf, USER } from "./tokens.mjs";

const START = 1_800_000_000_000;
const WASM = readFileSync(inRoot("npm/edgegate/wasm/edgegate_bg.wasm"));
const URL_OF_KEYS = "https://auth.example.com/.well-known/jwks.json";
const key = newKey("1");
const claims = { iat: START / 1000, exp: START / 1000 + 3600, auth_time: START / 1000 };
const token = key.token(claims);

/**
 * Returns a `fetch` function for a service. The service is down until the test sets `isUp` to true.
 * `asked` counts the requests.
 */
function service() {
  const state = { isUp: false, asked: 0 };
  state.fetch = async () => {
    state.asked += 1;
    if (!state.isUp) throw new TypeError("fetch failed");
    return Response.json(setOf(key));
  };
  return state;
}

test("a server starts while the service is down, and works when it is up", async (t) => {
  const { Verifier } = await importPackage(t);
  t.mock.timers.enable({ apis: ["Date"], now: START });
  const remote = service();
  const verifier = Verifier.fromJwksUrl(URL_OF_KEYS, { ...OPTIONS, fetch: remote.fetch });
  assert.ok(verifier instanceof Verifier);
  assert.equal(await verifier, verifier, "the former form, with await");
  assert.equal(remote.asked, 0);
  const outage = { name: "EdgegateError", code: "key_set_unavailable" };
  await assert.rejects(verifier.verify(token), outage);
  assert.equal(remote.asked, 1);
  remote.isUp = true;
  t.mock.timers.setTime(START + 999);
  await assert.rejects(verifier.verify(token), outage);
  assert.equal(remote.asked, 1, "within the pause");
  t.mock.timers.setTime(START + 1000);
  assert.equal((await verifier.verify(token)).sub, USER);
  assert.equal(remote.asked, 2);
});

test("the pauses double up to 30 s, however many calls there are", async (t) => {
  const { Verifier } = await importPackage(t);
  t.mock.timers.enable({ apis: ["Date"], now: START });
  const remote = service();
  const verifier = Verifier.fromJwksUrl(URL_OF_KEYS, { ...OPTIONS, fetch: remote.fetch });
  const askedAt = [];
  for (let second = 0; second < 125; second += 1) {
    t.mock.timers.setTime(START + second * 1000);
    const before = remote.asked;
    const calls = Array.from({ length: 10 }, () => verifier.isAuthorizedByUserId(token, USER));
    assert.ok((await Promise.all(calls)).every((yes) => yes === false));
    if (remote.asked !== before) askedAt.push(second);
    assert.ok(remote.asked - before <= 1, "calls at the same time share one fetch");
  }
  assert.deepEqual(askedAt, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
});

test("first calls at the same time share one fetch", async (t) => {
  const { Verifier } = await importPackage(t);
  const server = await startKeyServer(t, setOf(key));
  const verifier = Verifier.fromJwksUrl(server.url, OPTIONS);
  const good = key.token();
  const calls = Array.from({ length: 20 }, () => verifier.verify(good));
  await Promise.all([verifier.ready(), verifier.ready(), ...calls]);
  assert.equal(server.asked.length, 1);
});

test("the key set is asked for while the wasm is being loaded, and once", async (t) => {
  const { load, Verifier } = await importPackage(t);
  const remote = service();
  remote.isUp = true;
  let finish = /** @type {(bytes: Uint8Array) => void} */ (() => {});
  const loading = load(
    /** @type {any} */ (
      new Promise((resolve) => {
        finish = resolve;
      })
    ),
  );
  const verifier = Verifier.fromJwksUrl(URL_OF_KEYS, { ...OPTIONS, fetch: remote.fetch });
  const good = key.token();
  const calls = [verifier.verify(good), verifier.verify(good)];
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(remote.asked, 1, "the wasm is not there yet");
  finish(WASM);
  await loading;
  for (const claims of await Promise.all(calls)) assert.equal(claims.sub, USER);
  assert.equal(remote.asked, 1);
});

test("when both can't be loaded, the wasm's failure is told, and the next call tries both again", async (t) => {
  const { load, Verifier } = await importPackage(t);
  t.mock.timers.enable({ apis: ["Date"], now: START });
  const remote = service();
  const unhandled = [];
  const note = (reason) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  t.after(() => process.off("unhandledRejection", note));
  const failing = load(/** @type {any} */ (Promise.reject(new Error("offline"))));
  const verifier = Verifier.fromJwksUrl(URL_OF_KEYS, { ...OPTIONS, fetch: remote.fetch });
  await Promise.all([
    assert.rejects(failing, { code: "wasm_unavailable" }),
    assert.rejects(verifier.verify(token), { code: "wasm_unavailable" }),
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(unhandled, []);
  assert.equal(remote.asked, 1);
  // The fetch of the keys has failed too. After a first failed fetch, calls report this failure for
  // one second and send no request. After that second, the next call sends a request again.
  remote.isUp = true;
  t.mock.timers.setTime(START + 999);
  const outage = { code: "key_set_unavailable" };
  await assert.rejects(verifier.verify(token), outage);
  await assert.rejects(verifier.verify(token), outage);
  assert.equal(remote.asked, 1, "within the pause");
  t.mock.timers.setTime(START + 1_000);
  assert.equal((await verifier.verify(token)).sub, USER);
  assert.equal(remote.asked, 2);
});

test("while the wasm can't be loaded, the keys are fetched with the same pauses", async (t) => {
  const { load, Verifier } = await importPackage(t);
  t.mock.timers.enable({ apis: ["Date"], now: START });
  const remote = service();
  const verifier = Verifier.fromJwksUrl(URL_OF_KEYS, { ...OPTIONS, fetch: remote.fetch });
  const askedAt = [];
  for (let second = 0; second < 16; second += 1) {
    t.mock.timers.setTime(START + second * 1000);
    const before = remote.asked;
    const failing = load(/** @type {any} */ (Promise.reject(new Error("offline"))));
    await Promise.all([
      assert.rejects(failing, { code: "wasm_unavailable" }),
      assert.rejects(verifier.verify(token), { code: "wasm_unavailable" }),
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    if (remote.asked !== before) askedAt.push(second);
  }
  assert.deepEqual(askedAt, [0, 1, 3, 7, 15]);
});

test("ready() fetches before the keys are needed, and rejects in an outage", async (t) => {
  const { Verifier } = await importPackage(t);
  const server = await startKeyServer(t, setOf(key));
  const verifier = Verifier.fromJwksUrl(server.url, OPTIONS);
  await verifier.ready();
  await verifier.verify(key.token());
  assert.equal(server.asked.length, 1);
  await server.stop();
  await assert.rejects(Verifier.fromJwksUrl(server.url, OPTIONS).ready(), {
    code: "key_set_unavailable",
  });
  await (await Verifier.fromJwks(setOf(key), OPTIONS)).ready();
});

test("a mistake in the options is told at once, not at the first use", async (t) => {
  const { Verifier } = await importPackage(t);
  for (const wrong of [
    undefined,
    { issuer: OPTIONS.issuer },
    { ...OPTIONS, audience: ["a"] },
    { ...OPTIONS, issuer: "" },
    { ...OPTIONS, issuer: "x".repeat(5000) },
    { ...OPTIONS, clockTolerance: 301 },
    { ...OPTIONS, clockTolerance: 0.5 },
  ]) {
    assert.throws(() => Verifier.fromJwksUrl(URL_OF_KEYS, wrong), {
      name: "EdgegateError",
      code: "invalid_argument",
    });
  }
  assert.throws(() => Verifier.fromJwksUrl("http://auth.example.com/jwks", OPTIONS), {
    code: "invalid_argument",
  });
});

test("the message says where the key set is, and what the platform knows of the failure", async (t) => {
  const { Verifier } = await importPackage(t);
  const failing = (fetch) =>
    Verifier.fromIssuer("https://auth.example.com", { audience: "a", fetch }).verify(token);
  /** @type {[() => Promise<Response>, string, RegExp][]} */
  const answers = [
    [async () => new Response("<h1>Hello"), "invalid_key_set", /: not_json, at /],
    [async () => new Response("x".repeat(40_000)), "invalid_key_set", /: set_too_long, at /],
    [async () => new Response(new Uint8Array([255])), "invalid_key_set", /: not_utf8, at /],
    [async () => Response.json({ keys: [] }), "invalid_key_set", /: empty, at /],
    [
      async () => {
        throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
      },
      "key_set_unavailable",
      /could not be fetched \(ECONNREFUSED\)$/,
    ],
    [
      async () => {
        throw new TypeError("fetch failed", { cause: { code: "secret text" } });
      },
      "key_set_unavailable",
      /could not be fetched$/,
    ],
  ];
  for (const [fetch, code, message] of answers)
    await assert.rejects(failing(fetch), (/** @type {any} */ error) => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.ok(error.message.includes(URL_OF_KEYS), error.message);
      return true;
    });
});

test("a mistake in fromIssuer names its own arguments", async (t) => {
  const { Verifier } = await importPackage(t);
  assert.throws(() => Verifier.fromIssuer("https://auth.example.com"), {
    message: "options must be an object with audience",
  });
  assert.throws(
    () => Verifier.fromIssuer("http://auth.example.com", { audience: "a" }),
    /^EdgegateError: issuer must begin with https:/,
  );
});
