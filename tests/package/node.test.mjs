// Tests the package in Node: its subpaths, the first example in the README, and what it does with
// valid and invalid input.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readyVerifier } from "./key-server.mjs";
import { importPackage, makeProject } from "./package.mjs";
import { goodClaims, newKey, nowSeconds, OPTIONS, setOf, USER } from "./tokens.mjs";
import { UNREACHABLE, watchWasm } from "./traps.mjs";

test("every subpath is imported by its name", async (t) => {
  const project = await makeProject(t);
  project.write(
    "all.mjs",
    `import * as edgegate from "edgegate";
     import * as client from "edgegate/client";
     import * as inline from "edgegate/inline";
     import * as redirect from "edgegate/redirect";
     import manifest from "edgegate/package.json" with { type: "json" };
     import { readFileSync } from "node:fs";
     await edgegate.load(readFileSync(new URL(import.meta.resolve("edgegate/wasm/edgegate_bg.wasm"))));
     console.log(JSON.stringify([Object.keys(edgegate), Object.keys(client), manifest.name, client.AuthClient === edgegate.AuthClient && client.AuthClient === inline.AuthClient, Object.keys(inline), Object.keys(redirect), redirect.EdgegateError === edgegate.EdgegateError]));`,
  );
  assert.deepEqual(JSON.parse(await project.node("all.mjs")), [
    ["AuthClient", "EdgegateError", "Verifier", "load", "peek", "protect", "resourceMetadata"],
    ["AuthClient", "EdgegateError"],
    "edgegate",
    true,
    ["AuthClient", "EdgegateError", "Verifier", "load", "peek", "protect", "resourceMetadata"],
    ["EdgegateError", "RedirectClient"],
    true,
  ]);
  const { exports } = JSON.parse(project.packed("package.json"));
  const tested = [
    ...[".", "./client", "./inline", "./redirect"],
    ...["./wasm/edgegate_bg.wasm", "./package.json"],
  ];
  const typesOnly = Object.keys(exports).filter(
    (path) =>
      !JSON.stringify(exports[path])
        .replace(/\.d\.ts/g, "")
        .match(/\.(js|wasm|json)"/),
  );
  assert.deepEqual(
    Object.keys(exports).sort(),
    [...tested, ...typesOnly].sort(),
    "a new subpath needs its line here",
  );
});

test("the README's first snippet works as it stands", async (t) => {
  const project = await makeProject(t);
  const snippet = project.packed("README.md").match(/```js\n([\s\S]*?)```/)?.[1] ?? "";
  assert.match(snippet, /from "edgegate"/);
  project.write("snippet.mjs", snippet);
  const printed = await project.node("snippet.mjs");
  assert.match(printed, /iss: 'https:\/\/auth\.example\.com'/);
  assert.match(printed, /\}\ntrue\ntrue\ninvalid_token: signature_invalid\n0198c2f4-\S+\n$/);
});

for (const alg of ["EdDSA", "ES256"]) {
  test(`${alg}: claims come out as they went in, and the three checks answer`, async (t) => {
    const { Verifier, peek } = await importPackage(t);
    const key = newKey("1", alg);
    const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
    const claims = { ...goodClaims(), nbf: nowSeconds() };
    const token = key.token(claims);
    const verified = await verifier.verify(token);
    assert.deepEqual(verified, claims);
    assert.deepEqual(await peek(token), claims);
    assert.equal(Object.getPrototypeOf(verified), Object.prototype);
    assert.ok(
      Object.values(verified).every(
        (value) => typeof value !== "bigint" && !(value instanceof Map),
      ),
    );
    assert.deepEqual((await verifier.verify(key.token({ aud: ["a", OPTIONS.audience] }))).aud, [
      "a",
      OPTIONS.audience,
    ]);

    assert.equal(await verifier.isAuthorizedByRole(token, ["admin", "user"]), true);
    assert.equal(await verifier.isAuthorizedByRole(token, new Set(["editor"])), true);
    assert.equal(await verifier.isAuthorizedByRole(token, ["admin"]), false);
    assert.equal(await verifier.isAuthorizedByRole(token, []), false);
    assert.equal(await verifier.isAuthorizedByUserId(token, USER), true);
    assert.equal(await verifier.isAuthorizedByUserId(token, USER.toUpperCase()), false);
    assert.equal(await verifier.isAuthorizedByEmail(token, "Ada@Example.COM"), true);
    assert.equal(await verifier.isAuthorizedByEmail(token, "bob@example.com"), false);
    assert.equal(
      await verifier.isAuthorizedByEmail(key.token({ email_verified: false }), "ada@example.com"),
      false,
    );

    const flipped = token.slice(0, -3) + (token.at(-3) === "A" ? "B" : "A") + token.slice(-2);
    await assert.rejects(verifier.verify(flipped), {
      code: "invalid_token",
      reason: "signature_invalid",
    });
    await assert.rejects(verifier.verify(newKey("1", alg).token()), {
      code: "invalid_token",
      reason: "signature_invalid",
    });
  });
}

test("an address beyond ASCII is compared as the service compares it", async (t) => {
  const { Verifier } = await importPackage(t);
  const key = newKey("1");
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const token = key.token({ email: "j\u00f6rg@xn--bcher-kva.example" });
  for (const same of [
    "J\u00f6rg@B\u00fccher.example",
    "jo\u0308rg@bu\u0308cher.example",
    "j\u00f6rg@XN--BCHER-KVA.example",
  ]) {
    assert.equal(await verifier.isAuthorizedByEmail(token, same), true, same);
  }
  for (const other of [
    "jorg@bucher.example",
    "j\u00f6rg@b\u00dccher.example\u0000",
    "j\u00f6rg@bucher.example",
  ]) {
    assert.equal(await verifier.isAuthorizedByEmail(token, other), false, other);
  }
});

test("an address in any script is the one that the service stores", async (t) => {
  const { Verifier } = await importPackage(t);
  const key = newKey("1");
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const { addresses } = JSON.parse(
    readFileSync(new URL("../vectors/emails/scripts.json", import.meta.url), "utf8"),
  );
  for (const { input, canonical, why } of addresses) {
    const token = key.token({ email: canonical ?? input });
    const is = await verifier.isAuthorizedByEmail(token, ` ${input}\u00a0`);
    assert.equal(is, canonical !== null, `${input}: ${why}`);
  }
  assert.ok(addresses.length >= 120);
});

test("times: exp is the first second too late, a tolerance moves it, and currentDate sets the clock", async (t) => {
  const { Verifier } = await importPackage(t);
  const key = newKey("1");
  const at = 1_800_000_000;
  const token = key.token({ ...goodClaims(at) });
  const verifyAt = async (seconds, options = {}) => {
    const verifier = await Verifier.fromJwks(setOf(key), {
      ...OPTIONS,
      currentDate: new Date(seconds * 1000),
      ...options,
    });
    return verifier.verify(token).then(
      () => "good",
      (error) => error.reason,
    );
  };
  assert.equal(await verifyAt(at), "good");
  assert.equal(await verifyAt(at + 599.999), "good");
  assert.equal(await verifyAt(at + 600), "expired");
  assert.equal(await verifyAt(at + 629, { clockTolerance: 30 }), "good");
  assert.equal(await verifyAt(at + 630, { clockTolerance: 30 }), "expired");
  assert.equal(await verifyAt(at - 60), "good");
  assert.equal(await verifyAt(at - 61), "iat_in_future");
  assert.equal(await verifyAt(at - 61, { clockTolerance: 30 }), "iat_in_future");
  assert.equal(await verifyAt(at - 300, { clockTolerance: 300 }), "good");
  assert.equal(await verifyAt(at - 301, { clockTolerance: 300 }), "iat_in_future");
});

test("a text that is not a token: a clear error, and false", async (t) => {
  const { Verifier, peek, EdgegateError } = await importPackage(t);
  const key = newKey("1");
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const good = key.token();
  const cases = [
    ...[
      undefined,
      null,
      5,
      NaN,
      5n,
      true,
      {},
      [],
      [good],
      Symbol("x"),
      () => good,
      new String(good),
      new Date(),
    ].map((token) => [token, "invalid_argument"]),
    ["", "invalid_token", "not_three_parts"],
    ["x".repeat(5 << 20), "invalid_token", "token_too_long"],
    [
      "\u043a\u043b\u044e\u0447.\u043a\u043b\u044e\u0447.\u043a\u043b\u044e\u0447",
      "invalid_token",
      "bad_character",
    ],
    ["\ud800", "invalid_token", "bad_character"],
    [`${good}\n`, "invalid_token", "bad_character"],
    [good.replaceAll(".", "\u3002"), "invalid_token", "bad_character"],
  ];
  for (const [token, code, reason] of cases) {
    const what = typeof token === "string" ? token.slice(0, 20) : String(typeof token);
    for (const ask of [() => verifier.verify(token), () => peek(token)]) {
      await assert.rejects(ask, (/** @type {any} */ error) => {
        assert.ok(
          [EdgegateError, Error].every((kind) => error instanceof kind),
          what,
        );
        assert.equal(error.name, "EdgegateError");
        assert.deepEqual([error.code, error.reason], [code, reason], what);
        return true;
      });
    }
    assert.equal(await verifier.isAuthorizedByRole(token, ["user"]), false, what);
    assert.equal(await verifier.isAuthorizedByUserId(token, USER), false, what);
    assert.equal(await verifier.isAuthorizedByEmail(token, "ada@example.com"), false, what);
  }
});

test("the three checks never reject, whatever they are asked for", async (t) => {
  const { Verifier } = await importPackage(t);
  const key = newKey("1");
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const token = key.token({ roles: ["u", "user", "\ufffd"], sub: "\ufffd" });
  const boom = () => {
    throw new Error("boom");
  };
  const hostile = new Proxy({}, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom });
  const endless = (function* () {
    for (;;) yield "nobody";
  })();
  const roles = [
    undefined,
    null,
    5,
    "user",
    "u",
    {},
    hostile,
    [hostile],
    ["user", 5],
    ["user", undefined],
    [new String("user")],
    endless,
  ];
  const throwing = { [Symbol.iterator]: boom };
  const late = {
    *[Symbol.iterator]() {
      yield "user";
      boom();
    },
  };
  for (const asked of [
    ...roles,
    throwing,
    late,
    Array(257).fill("user"),
    [["user"]],
    { length: 1, 0: "user" },
  ]) {
    assert.equal(await verifier.isAuthorizedByRole(token, asked), false);
  }
  assert.equal(await verifier.isAuthorizedByRole(token, [...Array(255).fill("x"), "user"]), true);
  const text = { toString: () => "\ufffd" };
  for (const asked of [
    undefined,
    null,
    5,
    "",
    {},
    hostile,
    text,
    [],
    "\ud800",
    "x".repeat(5 << 20),
    Symbol("x"),
  ]) {
    assert.equal(await verifier.isAuthorizedByUserId(token, asked), false);
    assert.equal(await verifier.isAuthorizedByEmail(token, asked), false);
    assert.equal(await verifier.isAuthorizedByRole(token, [asked]), false);
  }
  assert.equal(
    await verifier.isAuthorizedByUserId(token, "\ufffd"),
    true,
    "half a surrogate pair was not taken for it",
  );
  const { isAuthorizedByRole, isAuthorizedByUserId, isAuthorizedByEmail } = verifier;
  for (const torn of [isAuthorizedByRole, isAuthorizedByUserId, isAuthorizedByEmail]) {
    assert.equal(await torn(token, ["user"]), false, "without its verifier");
    assert.equal(await torn.call(hostile, token, ["user"]), false);
    assert.equal(await torn.call(verifier), false);
  }
});

test("claims that aim at JavaScript stay out", async (t) => {
  const { Verifier, peek } = await importPackage(t);
  const key = newKey("1");
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const text = JSON.stringify(goodClaims()).slice(0, -1);
  const token = key.token(
    `${text},"__proto__":{"admin":true},"constructor":1,"toString":2,"then":3,"big":1e300,"deep":[[{"a":null}]]}`,
  );
  const claims = await verifier.verify(token);
  assert.deepEqual(Object.keys(claims).sort(), Object.keys(goodClaims()).sort());
  assert.equal(claims.admin, undefined);
  assert.equal({}.admin, undefined);
  await assert.rejects(verifier.verify(key.token(`${text},"sub":"root"}`)), {
    reason: "claims_duplicate_member",
  });
  await assert.rejects(verifier.verify(key.token({ ver: 2 ** 53 })), { reason: "ver_too_large" });
  const unsafe = key.token(`${text},"nbf":18446744073709551615}`);
  assert.equal((await peek(unsafe)).nbf, 2 ** 64, "rounded as JSON.parse does");
  assert.equal(
    (await verifier.verify(key.token({ ver: Number.MAX_SAFE_INTEGER }))).ver,
    Number.MAX_SAFE_INTEGER,
  );
});

test("a wrong option is named", async (t) => {
  const { Verifier, load } = await importPackage(t);
  const set = setOf(newKey("1"));
  const boom = {
    get issuer() {
      throw new Error("boom");
    },
  };
  for (const [options, named] of [
    [undefined, /options/],
    [null, /options/],
    ["https://auth.example.com", /options/],
    [{}, /issuer/],
    [boom, /options/],
    [{ issuer: "a" }, /audience/],
    [{ ...OPTIONS, issuer: 5 }, /issuer/],
    [{ ...OPTIONS, issuer: "" }, /issuer/],
    [{ ...OPTIONS, issuer: /./ }, /issuer/],
    [{ ...OPTIONS, audience: ["a"] }, /audience/],
    [{ ...OPTIONS, audience: "a".repeat(5 << 20) }, /audience/],
    ...[-1, 301, 0.5, NaN, Infinity, "5", "5s", 5n, null].map((clockTolerance) => [
      { ...OPTIONS, clockTolerance },
      /clockTolerance/,
    ]),
    ...[new Date(NaN), new Date(-1), Date.now(), "2027-01-01", {}, null].map((currentDate) => [
      { ...OPTIONS, currentDate },
      /currentDate/,
    ]),
    [{ ...OPTIONS, fetch: "https://example.com" }, /fetch/],
  ]) {
    await assert.rejects(
      Verifier.fromJwks(set, options),
      ({ code, message }) =>
        code === "invalid_argument" && /** @type {RegExp} */ (named).test(message),
      `${named}`,
    );
  }
  const refused = (promise) => assert.rejects(promise, { code: "invalid_argument" });
  for (const url of [
    undefined,
    null,
    5,
    "",
    "nowhere",
    "http://auth.example.com/jwks",
    "ftp://a/b",
    "file:///etc/passwd",
    "data:application/json,{}",
    "https://me:secret@auth.example.com/",
    "http://127.0.0.1.example.com/",
  ]) {
    await refused((async () => Verifier.fromJwksUrl(url, OPTIONS))());
  }
  await refused((async () => new Verifier())());
  await load();
  await load("no longer looked at");
});

test("memory stays flat: verifications, refusals and key sets leave nothing behind", async (t) => {
  const watched = watchWasm(new WebAssembly.Module(UNREACHABLE));
  t.after(watched.restore);
  const { Verifier, peek } = await importPackage(t);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const key = newKey("1");
  const keys = JSON.stringify(setOf(key, newKey("2", "ES256"), newKey("3")));
  const options = { ...OPTIONS, currentDate: new Date() };
  let fetches = 0;
  const fetch = async () => {
    fetches += 1;
    return new Response(keys);
  };
  const verifier = await readyVerifier(Verifier, "https://auth.example.com/jwks", {
    ...options,
    fetch,
  });
  const token = key.token();
  const large = key.token({ roles: Array(32).fill("r".repeat(60)) });
  const unknown = newKey("4").token();
  const round = async () => {
    await verifier.verify(token);
    await verifier.isAuthorizedByRole(token, ["x", "user"]);
    await verifier.isAuthorizedByEmail(token, "ada@example.com");
    await peek(large);
    await verifier.verify(`${large}A`).catch(() => {});
    await Verifier.fromJwks("{}", options).catch(() => {});
    // An unknown key makes the verifier fetch the set again and replace its keys.
    t.mock.timers.setTime(Date.now() + 31_000);
    await verifier.verify(unknown).catch(() => {});
  };
  const bytes = () => /** @type {WebAssembly.Memory} */ (watched.seen.memory).buffer.byteLength;
  for (let i = 0; i < 200; i++) await round();
  const before = bytes();
  for (let i = 0; i < 1000; i++) await round();
  assert.equal(bytes(), before);
  assert.equal(watched.seen.instances, 1);
  assert.equal(fetches, 1201);
  assert.equal(watched.seen.freed, 1200);
});
