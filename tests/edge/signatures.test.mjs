// src/adapters/cloudflare/signatures.js verifies signatures with the platform's WebCrypto. This
// module must never wait forever for an answer of WebCrypto. The tests replace `crypto.subtle` and
// the timers.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { importKey, verify } from "../../src/adapters/cloudflare/signatures.js";

const MESSAGE = new TextEncoder().encode("header.claims");
const LONGEST_MS = 1_000;

const PAIRS = {
  EdDSA: generateKeyPairSync("ed25519"),
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
};

/**
 * Returns the coordinates of a public key, and a signature of `MESSAGE` that was made with the
 * private key.
 */
function signed(alg) {
  const { publicKey, privateKey } = PAIRS[alg];
  const { x, y } = publicKey.export({ format: "jwk" });
  const signature =
    alg === "EdDSA"
      ? sign(null, MESSAGE, privateKey)
      : sign("sha256", MESSAGE, { key: privateKey, dsaEncoding: "ieee-p1363" });
  return { x, y, signature: new Uint8Array(signature) };
}

/** Replaces the platform's `crypto` until the test ends. */
function replaceCrypto(t, value) {
  Object.defineProperty(globalThis, "crypto", { value, configurable: true });
  t.after(() => Object.defineProperty(globalThis, "crypto", { value: REAL, configurable: true }));
}

const REAL = globalThis.crypto;
const { subtle } = REAL;
/** Returns the platform's `subtle` with some of its members replaced. */
const subtleWith = (replaced) => ({
  subtle: {
    importKey: subtle.importKey.bind(subtle),
    verify: subtle.verify.bind(subtle),
    ...replaced,
  },
});

/** Imports a key. Fails if the platform does not accept it. */
async function imported(x, y) {
  const key = await importKey(x, y);
  assert.ok(key);
  return key;
}

for (const alg of ["EdDSA", "ES256"]) {
  test(`${alg}: the platform tells a valid signature from others`, async () => {
    const { x, y, signature } = signed(alg);
    const key = await imported(x, y);
    assert.equal(await verify(key, signature, MESSAGE), true);
    assert.equal(await verify(key, signature, MESSAGE.subarray(1)), false);
    const other = signature.slice();
    other[40] ^= 1;
    assert.equal(await verify(key, other, MESSAGE), false);
  });
}

test("when the platform fails in any way, it can't tell", async (t) => {
  const { x, y, signature } = signed("ES256");
  const key = await imported(x, y);
  const boom = () => {
    throw new Error("boom");
  };
  for (const [what, verifies] of Object.entries({
    throws: boom,
    rejects: async () => boom(),
    "resolves to nothing": async () => undefined,
    "resolves to a text": async () => "true",
    "resolves to a number": async () => 1,
    "resolves to an object": async () => new Boolean(true),
    "returns a number": () => 1,
  })) {
    replaceCrypto(t, subtleWith({ verify: verifies }));
    assert.equal(await verify(key, signature, MESSAGE), null, `verify ${what}`);
  }
  for (const [what, imports] of Object.entries({
    throws: boom,
    rejects: async () => boom(),
    "resolves to null": async () => null,
    "resolves to nothing": async () => undefined,
  })) {
    replaceCrypto(t, subtleWith({ importKey: imports }));
    assert.equal(await importKey(x, y), null, `importKey ${what}`);
  }
  for (const crypto of [undefined, null, {}, { subtle: null }, { subtle: {} }]) {
    replaceCrypto(t, crypto);
    assert.equal(await importKey(x, y), null);
    assert.equal(await verify(key, signature, MESSAGE), null);
  }
});

test("a key that the platform refuses is null", async () => {
  const { x } = signed("ES256");
  assert.equal(await importKey(x, x), null);
  assert.equal(await importKey("", undefined), null);
});

test("a platform that hangs is given up after a second, and its late answer does not count", async (t) => {
  const { x, y, signature } = signed("EdDSA");
  const key = await imported(x, y);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let answer;
  const hangs = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  replaceCrypto(t, subtleWith({ importKey: hangs, verify: hangs }));
  for (const start of [() => importKey(x, y), () => verify(key, signature, MESSAGE)]) {
    let outcome = "waiting";
    start().then((value) => {
      outcome = value;
    });
    const turns = async () => {
      for (let turn = 0; turn < 20; turn++) await null;
    };
    await turns();
    t.mock.timers.tick(LONGEST_MS - 1);
    await turns();
    assert.equal(outcome, "waiting");
    t.mock.timers.tick(1);
    await turns();
    assert.equal(outcome, null);
    answer(true);
    await turns();
    assert.equal(outcome, null);
  }
});

test("a platform that answers at once needs no timer", async (t) => {
  const { x, y, signature } = signed("EdDSA");
  const key = await imported(x, y);
  const timers = t.mock.method(globalThis, "setTimeout");
  replaceCrypto(t, subtleWith({ importKey: async () => key.key, verify: async () => true }));
  await imported(x, y);
  assert.equal(await verify(key, signature, MESSAGE), true);
  assert.equal(timers.mock.callCount(), 0);
});
