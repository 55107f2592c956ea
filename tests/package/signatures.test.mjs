// Tests whether the platform or the wasm verifies a signature. Also tests which verified tokens the
// package remembers, because remembered tokens need not be verified again. The tests watch the
// platform's WebCrypto and move the clock.
import assert from "node:assert/strict";
import { test } from "node:test";
import v8 from "node:v8";
import vm from "node:vm";
import { importPackage } from "./package.mjs";
import { goodClaims, newKey, OPTIONS, setOf, USER } from "./tokens.mjs";

const START = 1_800_000_000_000;
const REMEMBERED_MAX = 1_000;
const LONGEST_MS = 1_000;
const ALGORITHMS = ["EdDSA", "ES256"];
const INVALID = { code: "invalid_token", reason: "signature_invalid" };

v8.setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc");

/**
 * Replaces the platform's `crypto` with an object that counts the calls of `subtle.verify` in
 * `seen.verified`. `seen.with` replaces functions of its `subtle`.
 */
function watchCrypto(t, replaced = {}) {
  const real = globalThis.crypto;
  const seen = { verified: 0, with: replaced };
  const subtle = {
    importKey: (...args) => (seen.with.importKey ?? real.subtle.importKey).apply(real.subtle, args),
    verify(...args) {
      seen.verified += 1;
      return (seen.with.verify ?? real.subtle.verify).apply(real.subtle, args);
    },
  };
  const replace = (value) =>
    Object.defineProperty(globalThis, "crypto", { value, configurable: true });
  replace({ subtle });
  t.after(() => replace(real));
  return { seen, replace, real };
}

/**
 * Moves the clock in steps of one millisecond. A timer can start another timer. With small steps,
 * the clock then shows the time at which the first timer was due.
 */
function pass(t, milliseconds) {
  for (let n = 0; n < milliseconds; n++) t.mock.timers.tick(1);
}

const atStart = (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: START });
  return (milliseconds) => t.mock.timers.setTime(START + milliseconds);
};

for (const alg of ALGORITHMS) {
  test(`${alg}: the platform verifies a new token, and nobody a token seen before`, async (t) => {
    const { Verifier } = await importPackage(t);
    const { seen } = watchCrypto(t);
    const key = newKey("1", alg);
    const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
    const token = key.token();
    for (let times = 0; times < 5; times++)
      assert.deepEqual((await verifier.verify(token)).sub, USER);
    assert.equal(await verifier.isAuthorizedByRole(token, ["user"]), true);
    assert.equal(await verifier.isAuthorizedByRole(token, ["admin"]), false);
    assert.equal(seen.verified, 1);
    await verifier.verify(key.token({ jti: "other" }));
    assert.equal(seen.verified, 2);
  });

  test(`${alg}: a token that differs in one character from a remembered one is refused`, async (t) => {
    const { Verifier } = await importPackage(t);
    const { seen } = watchCrypto(t);
    const key = newKey("1", alg);
    const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
    const token = key.token();
    await verifier.verify(token);
    for (let place = 0; place < token.length; place++) {
      const other = token[place] === "A" ? "B" : "A";
      const changed = token.slice(0, place) + other + token.slice(place + 1);
      await assert.rejects(verifier.verify(changed), { code: "invalid_token" }, `${place}`);
    }
    for (const changed of [` ${token}`, `${token}=`, `${token}.`, token.slice(0, -1)])
      await assert.rejects(verifier.verify(changed), { code: "invalid_token" });
    const before = seen.verified;
    await verifier.verify(token);
    assert.equal(seen.verified, before, "it is still remembered");
  });

  test(`${alg}: a remembered token expires as any other`, async (t) => {
    const { Verifier } = await importPackage(t);
    const goTo = atStart(t);
    const { seen } = watchCrypto(t);
    const key = newKey("1", alg);
    const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
    const token = key.token();
    await verifier.verify(token);
    goTo(599_999);
    await verifier.verify(token);
    assert.equal(seen.verified, 1);
    goTo(600_000);
    await assert.rejects(verifier.verify(token), { code: "invalid_token", reason: "expired" });
    assert.equal(await verifier.isAuthorizedByRole(token, ["user"]), false);
    // The package does not remember an expired token. If the clock is set back, the signature of
    // the token is verified again.
    const before = seen.verified;
    goTo(0);
    await verifier.verify(token);
    assert.equal(seen.verified, before + 1);
    goTo(-61_000);
    await assert.rejects(verifier.verify(token), { reason: "iat_in_future" });
  });

  test(`${alg}: when the keys change, all remembered tokens are forgotten`, async (t) => {
    const { Verifier } = await importPackage(t);
    const goTo = atStart(t);
    const [old, same, other] = [newKey("1", alg), newKey("1", alg), newKey("2", alg)];
    let jwks = setOf(old);
    const fetch = async () => Response.json(jwks);
    const options = { ...OPTIONS, fetch };
    const verifier = Verifier.fromJwksUrl("https://auth.example.com/jwks", options);
    const token = old.token();
    await verifier.verify(token);
    await verifier.verify(token);
    // In the new key set, another key has the same id (kid).
    jwks = setOf(same, other);
    goTo(31_000);
    await verifier.verify(other.token());
    await assert.rejects(verifier.verify(token), INVALID);
    await verifier.verify(same.token());
    // The new key set does not contain the keys of the two tokens below.
    jwks = setOf(newKey("3", alg));
    goTo(62_000);
    await assert.rejects(verifier.verify(newKey("4", alg).token()), { reason: "kid_unknown" });
    await assert.rejects(verifier.verify(other.token()), { reason: "kid_unknown" });
  });

  test(`${alg}: keys that are replaced while the platform verifies decide`, async (t) => {
    const { Verifier } = await importPackage(t);
    const goTo = atStart(t);
    const { seen, real } = watchCrypto(t);
    const [one, same, other] = [newKey("1", alg), newKey("1", alg), newKey("2", alg)];
    for (const { before, after, outcome } of [
      { before: one, after: same, outcome: "signature_invalid" },
      { before: same, after: one, outcome: "valid" },
    ]) {
      goTo(0);
      let jwks = setOf(before);
      const options = { ...OPTIONS, fetch: async () => Response.json(jwks) };
      const verifier = Verifier.fromJwksUrl("https://auth.example.com/jwks", options);
      await verifier.ready();
      let answer;
      seen.with.verify = (/** @type {Parameters<SubtleCrypto["verify"]>} */ ...args) =>
        new Promise((resolve) => {
          answer = () => resolve(real.subtle.verify(...args));
        });
      const waiting = verifier.verify(one.token()).then(
        () => "valid",
        ({ reason }) => reason,
      );
      while (!answer) await new Promise((resolve) => setImmediate(resolve));
      seen.with = {};
      jwks = setOf(after, other);
      goTo(31_000);
      await verifier.verify(other.token());
      answer();
      assert.equal(await waiting, outcome);
    }
  });

  test(`${alg}: a signature that a platform may wrongly accept never reaches it`, async (t) => {
    const { Verifier } = await importPackage(t);
    const { seen } = watchCrypto(t, { verify: async () => true });
    const key = newKey("1", alg);
    const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
    const [header, payload, signature] = key.token().split(".");
    const good = Buffer.from(signature, "base64url");
    const withBytes = (change) => {
      const bytes = Buffer.from(good);
      change(bytes);
      return `${header}.${payload}.${bytes.toString("base64url")}`;
    };
    const bad = [
      withBytes((bytes) => bytes.fill(0)),
      withBytes((bytes) => bytes.fill(0, 0, 32)),
      withBytes((bytes) => bytes.fill(0xff, 32)),
      withBytes((bytes) => bytes.fill(0xff)),
    ];
    for (const token of bad) await assert.rejects(verifier.verify(token), INVALID);
    for (const bytes of [good.subarray(1), Buffer.concat([good, Buffer.alloc(1)])])
      await assert.rejects(verifier.verify(`${header}.${payload}.${bytes.toString("base64url")}`), {
        reason: "signature_length",
      });
    assert.equal(seen.verified, 0);
  });

  test(`${alg}: when the platform fails, for whatever reason, the wasm decides`, async (t) => {
    const { Verifier } = await importPackage(t);
    const boom = () => {
      throw new Error("boom");
    };
    const key = newKey("1", alg);
    const failures = [
      { verify: boom },
      { verify: async () => boom() },
      { verify: async () => undefined },
      { verify: async () => "true" },
      { verify: () => 1 },
      { importKey: boom },
      { importKey: async () => boom() },
      { importKey: async () => ({}) },
    ];
    const { seen, replace } = watchCrypto(t);
    const both = async (what) => {
      const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
      assert.equal((await verifier.verify(key.token())).sub, USER, what);
      await assert.rejects(verifier.verify(newKey("1", alg).token()), INVALID, what);
    };
    for (const failure of failures) {
      seen.with = failure;
      await both(JSON.stringify(Object.keys(failure)));
    }
    for (const crypto of [undefined, null, {}, { subtle: null }, { subtle: {} }]) {
      replace(crypto);
      await both(JSON.stringify(crypto));
    }
  });
}

for (const alg of ALGORITHMS) {
  test(`${alg}: after a second without the platform's answer the wasm decides`, async (t) => {
    const { Verifier } = await importPackage(t);
    const hangs = () => new Promise(() => {});
    const { seen } = watchCrypto(t);
    t.mock.timers.enable({ apis: ["setTimeout"] });
    for (const platform of [{ verify: hangs }, { importKey: hangs }]) {
      seen.with = {};
      const key = newKey("1", alg);
      const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
      seen.with = platform;
      for (const { token, expected } of [
        { token: key.token(), expected: USER },
        { token: newKey("1", alg).token(), expected: INVALID.reason },
      ]) {
        let outcome = "waiting";
        const ended = verifier.verify(token).then(
          ({ sub }) => {
            outcome = sub;
          },
          ({ reason }) => {
            outcome = reason;
          },
        );
        const turn = () => new Promise((resolve) => setImmediate(resolve));
        await turn();
        pass(t, LONGEST_MS - 1);
        await turn();
        assert.equal(outcome, "waiting");
        t.mock.timers.tick(1);
        await ended;
        assert.equal(outcome, expected);
      }
    }
    // `setTimeout` throws, as it does in a Worker outside of a request. In this case the package
    // waits for the platform without a time limit.
    seen.with = {};
    const key = newKey("1", alg);
    const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
    t.mock.method(globalThis, "setTimeout", () => {
      throw new Error("Disallowed operation");
    });
    assert.equal((await verifier.verify(key.token())).sub, USER);
    await assert.rejects(verifier.verify(newKey("1", alg).token()), INVALID);
  });

  test(`${alg}: calls that wait at the same time have one timer, and each its own time`, async (t) => {
    const { Verifier } = await importPackage(t);
    const { seen } = watchCrypto(t);
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const started = t.mock.method(globalThis, "setTimeout").mock;
    const key = newKey("1", alg);
    const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
    for (let n = 0; n < 20; n++) await verifier.verify(key.token({ jti: `${n}` }));
    assert.equal(started.callCount(), 1);
    seen.with = { verify: () => new Promise(() => {}) };
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const ended = /** @type {string[]} */ ([]);
    const begin = (jti) =>
      verifier.verify(key.token({ jti })).then((claims) => ended.push(claims.jti));
    const early = begin("early");
    await turn();
    pass(t, LONGEST_MS / 2);
    const late = begin("late");
    await turn();
    pass(t, LONGEST_MS / 2);
    await early;
    assert.deepEqual(ended, ["early"]);
    pass(t, LONGEST_MS / 2);
    await late;
    assert.deepEqual(ended, ["early", "late"]);
    pass(t, LONGEST_MS);
    assert.equal(started.callCount(), 6, "nobody waits, so the timer is not started again");
  });

  test(`${alg}: the wasm's memory may grow while the check of a signature begins`, async (t) => {
    const { Instance } = WebAssembly;
    let grown = 0;
    WebAssembly.Instance = class {
      /** @type {WebAssembly.Exports} */
      exports;

      /** @param {ConstructorParameters<typeof Instance>} given */
      constructor(...given) {
        const { exports } = new Instance(...given);
        const { memory, verifier_publicKey: publicKey } = /** @type {any} */ (exports);
        this.exports = {
          ...exports,
          verifier_publicKey(...values) {
            // When the memory grows, all views of it (such as a Uint8Array) are detached.
            memory.grow(1);
            grown += 1;
            return publicKey(...values);
          },
        };
      }
    };
    t.after(() => {
      WebAssembly.Instance = Instance;
    });
    const { Verifier } = await importPackage(t);
    const { seen } = watchCrypto(t);
    const key = newKey("1", alg);
    const make = () => Verifier.fromJwks(setOf(key), OPTIONS);
    assert.equal((await (await make()).verify(key.token())).sub, USER);
    await assert.rejects((await make()).verify(newKey("1", alg).token()), INVALID);
    assert.deepEqual([grown, seen.verified], [2, 2]);
  });
}

test("tokens that are verified at the same time don't mix, whoever verifies first", async (t) => {
  const { Verifier } = await importPackage(t);
  const { seen, real } = watchCrypto(t);
  const keys = [newKey("1", "EdDSA"), newKey("2", "ES256")];
  const verifier = await Verifier.fromJwks(setOf(...keys), OPTIONS);
  /** @type {(() => void)[]} */
  const answers = [];
  seen.with.verify = (/** @type {Parameters<SubtleCrypto["verify"]>} */ ...args) =>
    new Promise((resolve) => answers.push(() => resolve(real.subtle.verify(...args))));
  const given = Array.from({ length: 64 }, (_, n) => {
    const key = keys[n % 2];
    const isExpired = n % 5 === 0;
    const token = key.token({ jti: `${n}`, ...(isExpired && { iat: 1, exp: 601, auth_time: 1 }) });
    const [header, payload] = key.token({ jti: `forged ${n}`, roles: ["admin"] }).split(".");
    // The forged token has the signature of `token`. Below, each `token` is verified twice, and
    // each forged token once.
    const forged = `${header}.${payload}.${token.split(".")[2]}`;
    return { expected: isExpired ? "expired" : `${n}`, token, forged };
  });
  const outcome = (token) =>
    verifier.verify(token).then(
      ({ jti }) => jti,
      ({ reason }) => reason,
    );
  const waiting = given.flatMap(({ token, forged }) => [token, forged, token].map(outcome));
  for (let turns = 0; answers.length < waiting.length && turns < 1_000; turns++)
    await new Promise((resolve) => setImmediate(resolve));
  assert.equal(answers.length, waiting.length);
  for (const answer of answers.reverse()) answer();
  const expected = given.flatMap(({ expected }) => [expected, "signature_invalid", expected]);
  assert.deepEqual(await Promise.all(waiting), expected);
});

test("a clock that can't be read is told before anything about the token", async (t) => {
  const { Verifier } = await importPackage(t);
  const key = newKey("1");
  const { seen, replace, real } = watchCrypto(t);
  /** @type {() => unknown} */
  let clock = Date.now;
  const verifier = await Verifier.fromJwks(setOf(key), { ...OPTIONS, now: () => clock() });
  const forged = newKey("1").token();
  const remembered = key.token({ jti: "remembered" });
  await verifier.verify(remembered);
  const before = seen.verified;
  const wrong = [
    () => {
      throw new Error("boom");
    },
    () => Number.NaN,
    () => -1,
    () => "5",
    () => Number.MAX_VALUE,
  ];
  for (const broken of wrong) {
    for (const token of ["x", 5, "é", "x".repeat(5_000), forged, key.token(), remembered]) {
      clock = broken;
      await assert.rejects(verifier.verify(token), { code: "invalid_argument" }, String(broken));
      // The result is the same without WebCrypto. In that case the wasm verifies the signature.
      replace(undefined);
      await assert.rejects(verifier.verify(token), { code: "invalid_argument" }, String(broken));
      replace({ subtle: { importKey: real.subtle.importKey, verify: real.subtle.verify } });
      clock = Date.now;
    }
  }
  assert.equal(seen.verified, before);
  assert.equal((await verifier.verify(remembered)).sub, USER);
});

test("the timer keeps no Node process running", async (t) => {
  const { Verifier } = await importPackage(t);
  const { seen } = watchCrypto(t);
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const key = newKey("1");
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  await verifier.verify(key.token());
  assert.equal(timers(), before, "nobody waits");
  let answer = /** @type {(isValid: boolean) => void} */ (() => {});
  const hangs = new Promise((resolve) => {
    answer = resolve;
  });
  seen.with = { verify: () => hangs };
  const waiting = verifier.verify(key.token({ jti: "other" }));
  assert.equal(timers(), before + 1, "somebody waits");
  answer(true);
  await waiting;
  assert.equal(timers(), before, "nobody waits");
});

test("no signature is verified of a text that can't be a token, and the reasons stay the same", async (t) => {
  const { Verifier } = await importPackage(t);
  const key = newKey("1");
  const { seen } = watchCrypto(t);
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const token = key.token();
  for (const [text, reason] of /** @type {const} */ ([
    ["", "not_three_parts"],
    [`${token}é`, "bad_character"],
    [`${token}\ud800`, "bad_character"],
    [`${token}\ufffd`, "bad_character"],
    [`${token}\0`, "bad_character"],
    // A token may have at most 4,096 bytes in UTF-8. Unpaired surrogates can't be written in UTF-8.
    ["\ud800".repeat(2_000), "bad_character"],
    ["é".repeat(3_000), "token_too_long"],
    ["a".repeat(4_096), "not_three_parts"],
    ["a".repeat(4_097), "token_too_long"],
    ["é".repeat(4_097), "token_too_long"],
  ])) {
    await assert.rejects(verifier.verify(text), { code: "invalid_token", reason }, reason);
  }
  await assert.rejects(verifier.verify(Object(token)), { code: "invalid_argument" });
  assert.equal(seen.verified, 0);
});

test("a forged token says nothing of its claims: its signature is told first", async (t) => {
  const { Verifier } = await importPackage(t);
  const verifier = await Verifier.fromJwks(setOf(newKey("1")), OPTIONS);
  for (const claims of [{}, { exp: 1 }, { aud: "https://other" }, { sub: "" }, "{}", "no JSON"])
    await assert.rejects(verifier.verify(newKey("1").token(claims)), INVALID);
});

test("at most a thousand tokens are remembered, and those that were used last", async (t) => {
  const { Verifier } = await importPackage(t);
  const key = newKey("1");
  const tokens = Array.from({ length: REMEMBERED_MAX + 1 }, (_, n) => key.token({ jti: `${n}` }));
  const { seen } = watchCrypto(t);
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  for (const token of tokens.slice(0, REMEMBERED_MAX)) await verifier.verify(token);
  await verifier.verify(tokens[0]);
  await verifier.verify(tokens[REMEMBERED_MAX]);
  const before = seen.verified;
  assert.equal(before, REMEMBERED_MAX + 1);
  await verifier.verify(tokens[0]);
  await verifier.verify(tokens[2]);
  assert.equal(seen.verified, before);
  await verifier.verify(tokens[1]);
  assert.equal(seen.verified, before + 1, "the one that was used least lately is forgotten");
});

test("a remembered token does not keep the text alive that it was cut from", async (t) => {
  const { Verifier } = await importPackage(t);
  const key = newKey("1");
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const heapUsed = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const many = 200;
  const before = heapUsed();
  for (let times = 0; times < 2; times++) {
    for (let n = 0; n < many; n++) {
      // If V8 cuts a part out of a text, it does not copy the part: the part refers to the whole
      // text. It is possible that a token was cut out of a long text, such as a cookie header. If
      // the cache stored such parts, it could keep all the long texts in memory.
      const text = Buffer.from(" ".repeat(100_000) + key.token({ jti: `${n}` })).toString("latin1");
      assert.equal((await verifier.verify(text.trimStart())).jti, `${n}`);
    }
    const kept = heapUsed() - before;
    assert.ok(kept < 5_000_000, `${kept} bytes for ${many} tokens`);
  }
  assert.equal((await verifier.verify(key.token())).sub, USER);
});

test("a token with other claims is judged by them, however often it was seen", async (t) => {
  const { Verifier } = await importPackage(t);
  const { seen } = watchCrypto(t);
  const key = newKey("1");
  const api = await Verifier.fromJwks(setOf(key), OPTIONS);
  const other = await Verifier.fromJwks(setOf(key), { ...OPTIONS, audience: "https://other" });
  const token = key.token(goodClaims());
  const claims = await api.verify(token);
  claims.roles.push("admin");
  assert.deepEqual((await api.verify(token)).roles, goodClaims().roles);
  await assert.rejects(other.verify(token), { reason: "aud_wrong" });
  await assert.rejects(other.verify(token), { reason: "aud_wrong" });
  assert.equal(seen.verified, 3, "a token that was refused is not remembered");
});
