// Each check of a token or of its claims has three forms, which are tested here. `require…` throws
// an error that says why the check failed. `isAuthorized…` answers true or false. `has…` checks
// claims that were verified before.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startKeyServer } from "./key-server.mjs";
import { importPackage } from "./package.mjs";
import { newKey, OPTIONS, setOf, USER } from "./tokens.mjs";

const key = newKey("1");
const EMAIL = "ada@example.com";

/**
 * Returns the code of the error with which `promise` rejects. Returns undefined if the promise
 * resolves.
 */
const codeOf = (promise) =>
  promise.then(
    () => undefined,
    ({ name, code }) => (name === "EdgegateError" ? code : "no EdgegateError"),
  );

test("a check that rejects returns the claims", async (t) => {
  const { Verifier } = await importPackage(t);
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const token = key.token();
  const claims = await verifier.verify(token);
  assert.deepEqual(await verifier.requireRole(token, ["admin", "user"]), claims);
  assert.deepEqual(await verifier.requireRole(token, new Set(["user"])), claims);
  assert.deepEqual(await verifier.requireUserId(token, USER), claims);
  assert.deepEqual(await verifier.requireEmail(token, "ADA@Example.com"), claims);
});

test("the code tells apart: no permission, a bad token, a mistake, an outage", async (t) => {
  const { Verifier } = await importPackage(t);
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const down = Verifier.fromJwksUrl("https://auth.example.com/jwks", {
    ...OPTIONS,
    fetch: () => Promise.reject(new TypeError("offline")),
  });
  const checks = {
    Role: {
      right: ["user"],
      other: ["admin"],
      mistakes: ["user", 5, {}, [5], [""], ["user", null]],
    },
    UserId: { right: USER, other: "somebody", mistakes: [5, "", {}, [USER]] },
    Email: { right: EMAIL, other: "bob@example.com", mistakes: [5, "", {}, [EMAIL]] },
  };
  const token = key.token();
  for (const [name, { right, other, mistakes }] of Object.entries(checks)) {
    const required = (at, ...args) => codeOf(at[`require${name}`](...args));
    const authorized = (at, ...args) => at[`isAuthorizedBy${name}`](...args);
    const cases = [
      [verifier, token, right, undefined],
      [verifier, token, other, "forbidden"],
      [verifier, key.token({ exp: 1 }), right, "invalid_token"],
      [verifier, newKey("1").token(), right, "invalid_token"],
      [verifier, undefined, right, "invalid_argument"],
      [down, token, right, "key_set_unavailable"],
      ...[undefined, null, ...mistakes].flatMap((asked) => [
        [verifier, token, asked, "invalid_argument"],
        // A wrong argument is reported even during an outage, because the argument would also be
        // wrong after the outage.
        [down, token, asked, "invalid_argument"],
      ]),
    ];
    for (const [at, given, asked, code] of cases) {
      const what = `${name} ${String(JSON.stringify(asked))} ${code}`;
      assert.equal(await required(at, given, asked), code, what);
      assert.equal(await authorized(at, given, asked), code === undefined, what);
    }
  }
  // An empty list is a valid argument. Nobody has one of the roles in an empty list, so the check
  // fails.
  assert.equal(await codeOf(verifier.requireRole(token, [])), "forbidden");
  assert.equal(await codeOf(verifier.requireEmail(token, "not an address")), "forbidden");
  const unproved = key.token({ email_verified: false });
  assert.equal(await codeOf(verifier.requireEmail(unproved, EMAIL)), "forbidden");
  const { requireRole } = verifier;
  assert.equal(await codeOf(requireRole(token, ["user"])), "invalid_argument");
});

test("a guard verifies once: checks on the claims", async (t) => {
  const { Verifier, peek } = await importPackage(t);
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const claims = await verifier.verify(key.token());
  assert.deepEqual(
    [["user"], ["x", "editor"], ["admin"], []].map((roles) => verifier.hasRole(claims, roles)),
    [true, true, false, false],
  );
  assert.deepEqual(
    [USER, USER.toUpperCase()].map((id) => verifier.hasUserId(claims, id)),
    [true, false],
  );
  assert.deepEqual(
    [EMAIL, "ADA@example.com", "bob@example.com", "no address"].map((email) =>
      verifier.hasEmail(claims, email),
    ),
    [true, true, false, false],
  );
  const unproved = await verifier.verify(key.token({ email_verified: false }));
  assert.equal(verifier.hasEmail(unproved, EMAIL), false);
  const nameless = await verifier.verify(key.token({ email: undefined }));
  assert.equal(verifier.hasEmail(nameless, EMAIL), false);

  const mistake = { name: "EdgegateError", code: "invalid_argument" };
  const throwing = Object.defineProperty({ ...claims }, "sub", {
    get() {
      throw new Error("boom");
    },
  });
  const forged = await peek(key.token());
  for (const wrong of [undefined, null, "claims", {}, { roles: ["user"] }, throwing, forged]) {
    assert.throws(() => verifier.hasRole(wrong, ["user"]), mistake);
    assert.throws(() => verifier.hasUserId(wrong, USER), mistake);
    assert.throws(() => verifier.hasEmail(wrong, EMAIL), mistake);
  }
  for (const wrong of [undefined, "user", [5], [""]])
    assert.throws(() => verifier.hasRole(claims, wrong), mistake);
  for (const wrong of [undefined, 5, ""]) {
    assert.throws(() => verifier.hasUserId(claims, wrong), mistake);
    assert.throws(() => verifier.hasEmail(claims, wrong), mistake);
  }
});

test("a misspelt option is an error", async (t) => {
  const { Verifier } = await importPackage(t);
  const url = "https://auth.example.com/jwks";
  const { issuer, audience } = OPTIONS;
  const forms = {
    fromJwks: /** @type {const} */ ([(options) => Verifier.fromJwks(setOf(key), options), OPTIONS]),
    fromJwksUrl: /** @type {const} */ ([
      async (options) => Verifier.fromJwksUrl(url, options),
      OPTIONS,
    ]),
    fromIssuer: /** @type {const} */ ([
      async (options) => Verifier.fromIssuer(issuer, options),
      { audience },
    ]),
  };
  for (const [name, [make, options]] of Object.entries(forms)) {
    await make(options);
    for (const unknown of ["audiance", "clockTolerence", "currentdate", "algorithms", "Issuer"]) {
      await assert.rejects(
        make({ ...options, [unknown]: undefined }),
        ({ code, message }) => code === "invalid_argument" && message.includes(unknown),
        `${name} ${unknown}`,
      );
    }
  }
  const refused = { code: "invalid_argument" };
  // `fromJwks` has no option `fetch`, and `fromIssuer` has no option `issuer`. `now` and
  // `currentDate` exclude each other.
  await assert.rejects(forms.fromJwks[0]({ ...OPTIONS, fetch }), refused);
  await assert.rejects(forms.fromIssuer[0](OPTIONS), refused);
  await assert.rejects(
    forms.fromJwks[0]({ ...OPTIONS, now: Date.now, currentDate: new Date() }),
    refused,
  );
});

test("`now` is the clock: Unix milliseconds", async (t) => {
  const { Verifier } = await importPackage(t);
  const DAY = 86_400_000;
  // In the first run the device's clock is one day ahead, and in the second run it is one day
  // behind.
  for (const skew of [DAY, -DAY]) {
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() + skew });
    const deviceTime = Math.floor(Date.now() / 1000);
    const issuedAt = deviceTime - skew / 1000;
    const token = key.token({ iat: issuedAt, exp: issuedAt + 600, auth_time: issuedAt });
    const byDevice = await Verifier.fromJwks(setOf(key), OPTIONS);
    await assert.rejects(byDevice.verify(token), { code: "invalid_token" });
    const byService = await Verifier.fromJwks(setOf(key), {
      ...OPTIONS,
      now: () => Date.now() - skew,
    });
    assert.equal((await byService.verify(token)).sub, USER);
    t.mock.timers.reset();
  }
  let now = Date.now();
  const verifier = await Verifier.fromJwks(setOf(key), { ...OPTIONS, now: () => now });
  const token = key.token();
  await verifier.verify(token);
  now += 601_000;
  await assert.rejects(verifier.verify(token), { reason: "expired" });
  for (const wrong of [NaN, -1, Infinity, undefined, null, "0", new Date(), 5n]) {
    now = /** @type {number} */ (wrong);
    await assert.rejects(verifier.verify(token), { code: "invalid_argument" }, String(wrong));
    assert.equal(await verifier.isAuthorizedByUserId(token, USER), false);
  }
  const broken = await Verifier.fromJwks(setOf(key), {
    ...OPTIONS,
    now() {
      throw new Error("boom");
    },
  });
  await assert.rejects(broken.verify(token), { code: "invalid_argument" });
});

test("a verifier that is made from the issuer alone", async (t) => {
  const { Verifier } = await importPackage(t);
  const server = await startKeyServer(t, setOf(key));
  const { audience } = OPTIONS;
  for (const issuer of [server.origin, `${server.origin}/`, new URL(server.origin)]) {
    const verifier = Verifier.fromIssuer(issuer, { audience });
    assert.equal((await verifier.verify(key.token({ iss: server.origin }))).sub, USER);
    await assert.rejects(verifier.verify(key.token()), { reason: "iss_wrong" });
  }
  assert.ok(server.asked.every(({ url }) => url === "/.well-known/jwks.json"));
  for (const wrong of [
    "http://auth.example.com",
    "https://auth.example.com/auth",
    "auth.example.com",
  ])
    assert.throws(() => Verifier.fromIssuer(wrong, { audience }), { code: "invalid_argument" });
});
