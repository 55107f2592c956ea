// The package must throw only EdgegateErrors, whatever the arguments are.
// tests/client/hostile-arguments.test.mjs tests this for AuthClient.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readyVerifier } from "./key-server.mjs";
import { importPackage } from "./package.mjs";
import { newKey, OPTIONS, setOf } from "./tokens.mjs";

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
const detached = (View = (buffer) => buffer) => {
  const buffer = new ArrayBuffer(8);
  const view = View(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  return view;
};
const breaking = () => new ReadableStream({ pull: (controller) => controller.error(revoked()) });
const used = () => {
  const response = new Response("x", { headers: { "Content-Type": "application/wasm" } });
  response.text();
  return response;
};
const likeModule = () => Object.create(WebAssembly.Module.prototype);
// A wasm module that is not the package's.
const foreign = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

/** Wrong arguments for `load()`. Each entry is a function that makes a new wrong argument. */
const SOURCES = {
  "a promise that rejects": () => Promise.reject(new Error("boom")),
  "a promise that rejects with nothing": () => Promise.reject(),
  "a promise that rejects with a revoked proxy": () => Promise.reject(revoked()),
  "an aborted fetch": () => fetch("data:,x", { signal: AbortSignal.abort() }),
  "an error of this package, of another kind": (EdgegateError) =>
    Promise.reject(new EdgegateError("network_error", "offline")),
  // biome-ignore lint/suspicious/noThenProperty: this test passes such an object
  "a thenable that throws": () => ({ then: boom }),
  // biome-ignore lint/suspicious/noThenProperty: this test passes such an object
  "a then that can't be read": () => Object.defineProperty({}, "then", { get: boom }),
  "a detached buffer": () => detached(),
  "a view of a detached buffer": () => detached((buffer) => new Uint8Array(buffer)),
  "a DataView of a detached buffer": () => detached((buffer) => new DataView(buffer)),
  "a trap": trapped,
  "a revoked proxy": revoked,
  "what only looks like a module": likeModule,
  "another module": () => foreign,
  "a Response whose body is used": used,
  "a Response whose body breaks": () =>
    new Response(breaking(), { headers: { "Content-Type": "application/wasm" } }),
  "a Response without its parts": () => Object.create(Response.prototype),
  "no address": () => "http://[",
  "an address with a NUL": () => "file:///\0",
  "an address of no file": () => new URL("ftp://example.com/x.wasm"),
  "a symbol": () => Symbol("x"),
  "a function": () => boom,
  "a number": () => 5,
  null: () => null,
  "empty bytes": () => new Uint8Array(),
  "shared bytes": () => new SharedArrayBuffer(8),
};

for (const loader of ["node.js", "web.js"]) {
  test(`load() of ${loader}: wasm_unavailable, and the next call loads`, async (t) => {
    const { project } = await importPackage(t);
    const { load, EdgegateError } = await import(project.path("node_modules/edgegate", loader));
    for (const [what, make] of Object.entries(SOURCES)) {
      await assert.rejects(load(make(EdgegateError)), (/** @type {any} */ error) => {
        assert.ok(error instanceof EdgegateError, `${what}: ${error?.stack}`);
        assert.equal(error.code, "wasm_unavailable", what);
        return true;
      });
    }
    const bytes = readFileSync(project.path("node_modules/edgegate/wasm/edgegate_bg.wasm"));
    await load(bytes);
    // The wasm is already loaded, so further arguments are ignored, even if they fail.
    const unhandled = [];
    const note = (reason) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    for (const make of Object.values(SOURCES)) await load(make(EdgegateError));
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
  });
}

test("Verifier and peek: arguments of any kind", async (t) => {
  const { Verifier, peek, EdgegateError } = await importPackage(t);
  const key = newKey("1");
  const set = setOf(key);
  const verifier = await Verifier.fromJwks(set, OPTIONS);
  const values = () => [
    ...[undefined, null, 0, 5n, true, Symbol("x"), boom, {}, [], ""],
    ...[
      trapped(),
      revoked(),
      { toString: boom },
      { toJSON: boom },
      { [Symbol.toPrimitive]: boom },
      detached(),
      Object.create(null),
    ],
  ];
  const throwing = (name) =>
    Object.defineProperty({ ...OPTIONS }, name, { get: boom, enumerable: true });
  const calls = [];
  for (const value of values()) {
    calls.push(
      () => verifier.verify(value),
      () => peek(value),
      () => Verifier.fromJwks(value, OPTIONS),
      async () => Verifier.fromJwksUrl(value, OPTIONS),
      async () => Verifier.fromIssuer(value, { audience: OPTIONS.audience }),
    );
    calls.push(
      () => Verifier.fromJwks(set, value),
      async () => Verifier.fromJwksUrl("https://auth.example.com/jwks", value),
      async () => Verifier.fromIssuer(OPTIONS.issuer, value),
    );
    for (const name of ["issuer", "audience", "clockTolerance", "currentDate", "now", "fetch"]) {
      if (
        value === undefined ||
        (name === "now" && value === boom) ||
        (name === "clockTolerance" && value === 0)
      )
        continue;
      calls.push(() => Verifier.fromJwks(set, { ...OPTIONS, [name]: value }));
    }
    calls.push(() => Verifier.prototype.verify.call(value, key.token()));
    calls.push(async () => new Verifier(value));
  }
  for (const name of ["issuer", "audience", "clockTolerance", "currentDate", "now", "fetch"])
    calls.push(() => Verifier.fromJwks(set, throwing(name)));
  for (const call of calls) {
    await assert.rejects(call, (/** @type {any} */ error) => {
      assert.ok(error instanceof EdgegateError, `${call}: ${error?.stack}`);
      return true;
    });
  }
  const { fromJwks } = Verifier;
  assert.ok((await fromJwks(set, OPTIONS)) instanceof Verifier, "torn off, it needs no class");
});

test("a fetch that was handed in and answers or throws anything", async (t) => {
  const { Verifier, EdgegateError } = await importPackage(t);
  const texts = new ReadableStream({ pull: (controller) => controller.enqueue("x") });
  for (const fetch of [
    boom,
    () => Promise.reject(),
    () => Promise.reject(revoked()),
    () => Promise.reject(trapped()),
    // biome-ignore lint/suspicious/noThenProperty: this test passes such an object
    () => ({ then: boom }),
    ...[
      undefined,
      null,
      5,
      {},
      [],
      trapped(),
      revoked(),
      { status: 200 },
      { status: 200, body: {} },
    ].map((value) => () => value),
    () => new Response(breaking()),
    () => new Response(texts),
    used,
  ]) {
    await assert.rejects(
      readyVerifier(Verifier, "https://auth.example.com/jwks", { ...OPTIONS, fetch }),
      (/** @type {any} */ error) => {
        assert.ok(error instanceof EdgegateError, `${fetch}: ${error?.stack}`);
        assert.ok(
          ["key_set_unavailable", "invalid_key_set"].includes(error.code),
          `${fetch}: ${error.code}`,
        );
        return true;
      },
    );
  }
});

test("an EdgegateError is made without details, and of details that are null", async (t) => {
  const { EdgegateError } = await importPackage(t);
  for (const details of [undefined, null, {}])
    assert.equal(new EdgegateError("internal", "x", details).code, "internal");
});
