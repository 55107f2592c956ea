// The wasm checks all its arguments itself, even those that the package's JavaScript has already
// checked. No argument may make the wasm trap. The build removes the code that describes wrong
// values from the wasm (scripts/project/snip.mjs). If a value reached this removed code, the wasm
// would trap.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { importPackage } from "./package.mjs";
import { newKey, OPTIONS, setOf, USER } from "./tokens.mjs";
import { UNREACHABLE, watchWasm } from "./traps.mjs";

const boom = () => {
  throw new Error("boom");
};
const hostileProxy = () =>
  new Proxy({}, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom, apply: boom });
const revoked = (/** @type {object} */ target = {}) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const endless = () => ({
  *[Symbol.iterator]() {
    for (;;) yield ["issuer", "x"];
  },
});

const PRIMITIVES = [
  ...[undefined, null, true, false, Symbol("x"), Symbol.iterator],
  ...[0n, 5n, -5n, 2n ** 63n, -(2n ** 200n)],
];
const NUMBERS = [0, -0, 1, -1, 0.1, 1e21, 5e-324, NaN, Infinity, -Infinity, 2 ** 53];
const FUNCTIONS = [boom, class {}, revoked(boom), Symbol];
/** Objects that have none of the options. The wasm must not iterate over them or convert them. */
const OBJECTS = [
  ...[{}, [], ["x"], [["issuer", "x"]], Object.create(null), new Map([["issuer", "x"]])],
  ...[new Set(["x"]), new Date(), /x/, new Error("x"), Promise.resolve("x"), globalThis.crypto],
  ...[Object("text"), Object(5), Object(5n), Object(Symbol("x")), Object(true)],
  ...[new Uint8Array(3), new Float64Array(3), new ArrayBuffer(3), new DataView(new ArrayBuffer(3))],
  ...[endless(), { [Symbol.toPrimitive]: boom }, { toString: boom, valueOf: boom, toJSON: boom }],
  Object.defineProperty({}, "other", { get: boom, enumerable: true }),
];
/** Objects that throw an error whenever something accesses them. */
const TRAPS = [hostileProxy(), revoked(), revoked([])];

const NOT_STRINGS = [...PRIMITIVES, ...NUMBERS, ...FUNCTIONS, ...OBJECTS, ...TRAPS];
const NOT_NUMBERS = ["", "5", ...PRIMITIVES, ...FUNCTIONS, ...OBJECTS, ...TRAPS];
const HALVES = ["\ud800", "\udfff", "a\udc00b", "\ufffd\ud800", "\udc00\ud800", "😀\ud83d"];
/** Strings that are longer than any limit. The wasm must reject them without copying them. */
const HUGE = ["x".repeat(2 ** 28), "\ud800".repeat(2 ** 26)];

/**
 * Starts the wasm without the package's JavaScript. `seen` is the record that `watchWasm` returns.
 */
async function start(t) {
  const watched = watchWasm(new WebAssembly.Module(UNREACHABLE));
  t.after(watched.restore);
  const { project } = await importPackage(t);
  const path = (name) => project.path("node_modules/edgegate", name);
  const { Wasm } = await import(path("instance.js"));
  const limits = await import(path("generated.js"));
  const wasm = new Wasm(new WebAssembly.Module(readFileSync(path("wasm/edgegate_bg.wasm"))));
  const run = (call) => wasm.run(call);
  const make = (options, jwks = JSON.stringify(setOf(key))) =>
    run(({ Verifier }) => Verifier.make(jwks, options));
  return { limits, make, run, seen: watched.seen };
}

const key = newKey("1");
const GOOD = { ...OPTIONS, clockTolerance: 0 };

const says = (message) => ({ name: "EdgegateError", code: "invalid_argument", message });

/** Asserts that `call` throws `refusal` for each of the values, and that the wasm does not trap. */
function refuses({ seen }, call, values, refusal) {
  assert.ok(values.length > 0);
  for (const [at, value] of values.entries()) {
    assert.throws(() => call(value), refusal, `value ${at}: ${typeof value}`);
    assert.equal(seen.instances, 1, `value ${at} made the wasm trap`);
  }
}

test("options of any kind: an object, of which only the known members are read", async (t) => {
  const wasm = await start(t);
  const notObjects = ["", "text", ...PRIMITIVES, ...NUMBERS, ...FUNCTIONS];
  refuses(wasm, wasm.make, notObjects, says("options must be an object"));
  refuses(wasm, wasm.make, OBJECTS, says("issuer must be a string"));
  const { issuer, audience, clockTolerance } = GOOD;
  const missing = [
    [{ audience, clockTolerance }, "issuer must be a string"],
    [{ issuer, clockTolerance }, "audience must be a string"],
    [{ issuer, audience }, "clockTolerance must be a number of seconds"],
    [{ ISSUER: issuer, audience, clockTolerance }, "issuer must be a string"],
    [{ issuer, audience, clock_tolerance: 0 }, "clockTolerance must be a number of seconds"],
  ];
  for (const [options, message] of missing)
    refuses(wasm, wasm.make, [options], says(/** @type {string} */ (message)));
  for (const options of [
    GOOD,
    { ...GOOD, other: 5n, 0: NaN },
    Object.defineProperty({ ...GOOD }, "other", { get: boom, enumerable: true }),
    Object.defineProperty({ ...GOOD }, Symbol.iterator, { get: boom, enumerable: true }),
    Object.assign(Object.create(null), GOOD),
    Object.assign([], GOOD),
    Object.freeze({ ...GOOD }),
    new Proxy(GOOD, {}),
  ])
    wasm.make(options).free();
  assert.equal(wasm.seen.instances, 1);
});

for (const name of ["issuer", "audience"])
  test(`${name} of any kind`, async (t) => {
    const wasm = await start(t);
    const max = wasm.limits.EXPECTED_MAX_BYTES;
    const make = (value) => wasm.make({ ...GOOD, [name]: value });
    refuses(wasm, make, NOT_STRINGS, says(`${name} must be a string`));
    refuses(wasm, make, [""], says(`${name} must not be empty`));
    refuses(wasm, make, HALVES, says(`${name} must be well-formed Unicode`));
    const before = wasm.seen.memory?.buffer.byteLength;
    refuses(wasm, make, ["x".repeat(max + 1), ...HUGE], says(`${name} is too long`));
    assert.equal(wasm.seen.memory?.buffer.byteLength, before, "nothing was copied");
    for (const good of [
      "x",
      "x".repeat(max),
      "\ufffd",
      "😀",
      "\0",
      "1fc430ca-5b7f-4295-92de-33cf2b145d38",
    ])
      make(good).free();
    assert.equal(wasm.seen.instances, 1);
  });

test("clockTolerance of any kind", async (t) => {
  const wasm = await start(t);
  const max = wasm.limits.CLOCK_TOLERANCE_MAX_SECONDS;
  const make = (value) => wasm.make({ ...GOOD, clockTolerance: value });
  refuses(wasm, make, NOT_NUMBERS, says("clockTolerance must be a number of seconds"));
  const wrong = [
    ...NUMBERS.filter((number) => !Object.is(number, 0) && number !== 1),
    ...[max + 1, max + 0.5, -0.5, 2 ** 32, 2 ** 64, -(2 ** 63), Number.MAX_VALUE],
  ];
  refuses(wasm, make, wrong, says("clockTolerance must be whole seconds in range"));
  for (const good of [0, 1, max]) make(good).free();
  assert.equal(wasm.seen.instances, 1);
});

test("a key set, a token and an address of any kind, and a time", async (t) => {
  const wasm = await start(t);
  const { seen } = wasm;
  const jwks = (value) => wasm.make(GOOD, value);
  // Leave out the first value, `undefined`, because `make` would replace it with its default value.
  refuses(wasm, jwks, NOT_STRINGS.slice(1), says("jwks must be a string"));
  refuses(wasm, jwks, HALVES, { code: "invalid_key_set", reason: "not_utf8" });
  refuses(wasm, jwks, ["", "5", "{}", "[NaN]"], { code: "invalid_key_set" });

  const verifier = wasm.make(GOOD);
  const now = Math.floor(Date.now() / 1000);
  const token = key.token();
  const calls = [
    (value) => wasm.run(() => verifier.verify(value, now)),
    (value) => wasm.run(({ peek }) => peek(value)),
  ];
  for (const call of calls) {
    refuses(wasm, call, NOT_STRINGS, says("token must be a string"));
    refuses(wasm, call, HALVES, { code: "invalid_token", reason: "bad_character" });
    refuses(wasm, call, ["x".repeat(5000)], { code: "invalid_token", reason: "token_too_long" });
  }

  const canonical = (value) => wasm.run(({ canonicalEmail }) => canonicalEmail(value));
  refuses(wasm, canonical, NOT_STRINGS, says("email must be a string"));
  refuses(wasm, canonical, [""], says("email must not be empty"));
  refuses(wasm, canonical, HALVES, says("email must be well-formed Unicode"));
  assert.equal(canonical("x"), undefined);
  assert.equal(canonical("ADA@example.com"), "ada@example.com");

  const before = seen.memory?.buffer.byteLength;
  refuses(wasm, jwks, HUGE, { code: "invalid_key_set", reason: "set_too_long" });
  for (const call of calls)
    refuses(wasm, call, HUGE, { code: "invalid_token", reason: "token_too_long" });
  refuses(wasm, canonical, HUGE, says("email is too long"));
  assert.equal(seen.memory?.buffer.byteLength, before, "nothing was copied");

  const at = (time) => wasm.run(() => verifier.verify(token, time));
  const wrong = [-0, -1, 0.1, 5e-324, NaN, Infinity, -Infinity, 2 ** 53, 1e300];
  refuses(wasm, at, wrong, says("now must be whole seconds in range"));
  assert.equal(JSON.parse(at(now)).sub, USER);
  assert.equal(seen.instances, 1);
});

test("options that throw when they are read: that call fails, and the next one works", async (t) => {
  const wasm = await start(t);
  const throwing = Object.keys(GOOD).map((name) =>
    Object.defineProperty({ ...GOOD }, name, { get: boom, enumerable: true }),
  );
  for (const [at, options] of [...TRAPS, ...throwing].entries()) {
    assert.throws(() => wasm.make(options), { name: "EdgegateError", code: "internal" });
    wasm.make(GOOD).free();
    assert.equal(wasm.seen.instances, at + 2);
    assert.equal(wasm.seen.onDead, 0);
  }
});

test("a public key comes out as a JWK has it, and undefined where there is none", async (t) => {
  const wasm = await start(t);
  const keys = [newKey("1"), newKey("2", "ES256")];
  const verifier = wasm.make(GOOD, JSON.stringify(setOf(...keys)));
  for (const [position, { jwk }] of keys.entries()) {
    const { x, y } = /** @type {Record<string, unknown>} */ (jwk);
    assert.deepStrictEqual(
      wasm.run(() => verifier.publicKey(position)),
      { x, y },
    );
  }
  for (const position of [2, 2 ** 31, 2 ** 32 - 1])
    assert.equal(
      wasm.run(() => verifier.publicKey(position)),
      undefined,
    );
  assert.equal(wasm.seen.instances, 1);
});
