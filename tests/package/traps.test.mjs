// A trap is an error in the package's wasm after which the instance must not be used again. The
// call that caused the trap fails, and the next call gets a new instance. Nothing runs on the old
// instance any more. This file tests this in Node. workerd.test.mjs and browser.test.mjs test it in
// workerd and in Chromium.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import v8 from "node:v8";
import vm from "node:vm";
import { readyVerifier } from "./key-server.mjs";
import { importPackage } from "./package.mjs";
import { newKey, OPTIONS, setOf, USER } from "./tokens.mjs";
import { trapEverywhere, UNREACHABLE, watchWasm } from "./traps.mjs";

v8.setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc");

const key = newKey("1");
const other = newKey("2", "ES256");
const INTERNAL = { name: "EdgegateError", code: "internal" };

async function watchedPackage(t) {
  const watched = watchWasm(new WebAssembly.Module(UNREACHABLE));
  t.after(watched.restore);
  return { watched, ...(await importPackage(t)) };
}

const nothingRanOnTheDead = ({ seen }) => assert.deepEqual([seen.onDead, seen.foreign], [0, 0]);

test("wherever a call crosses into the wasm or out of it, it may trap: it fails, and every next call works", async (t) => {
  const { watched, ...edgegate } = await watchedPackage(t);
  const given = { jwks: setOf(key, other), token: key.token(), options: OPTIONS, user: USER };
  const { traps, instances, ...found } = await trapEverywhere(edgegate, watched, given);
  assert.deepEqual(found, { onDead: 0, foreign: 0, wrong: [] });
  for (const [name, times] of Object.entries(traps)) assert.ok(times > 3, `${name}: ${times}`);
  const all = Object.values(traps).reduce((sum, times) => sum + times);
  assert.equal(instances, 1 + all, "one for each trap");
});

test("a live instance is kept: by refusals of tokens, key sets and arguments", async (t) => {
  const { watched, Verifier, peek } = await watchedPackage(t);
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  for (const refused of [
    () => verifier.verify("x"),
    () => verifier.verify(5),
    () => peek("x"),
    () => Verifier.fromJwks("{}", OPTIONS),
    () => Verifier.fromJwks(setOf(key), { ...OPTIONS, issuer: "" }),
  ]) {
    await assert.rejects(refused, ({ code }) => code !== "internal");
  }
  await verifier.verify(key.token());
  assert.equal(watched.seen.instances, 1);
});

test("a trap while a fetched key set is read: the keys at hand stay in use, and the next fetch replaces them", async (t) => {
  const { watched, Verifier } = await watchedPackage(t);
  const start = Date.now();
  t.mock.timers.enable({ apis: ["Date"], now: start });
  let served = setOf(key);
  const fetch = async () => Response.json(served);
  const url = "https://auth.example.com/jwks";
  const verifier = await readyVerifier(Verifier, url, { ...OPTIONS, fetch });
  const tokens = { old: key.token(), new: other.token() };
  for (const [only, skip] of /** @type {const} */ ([
    ["verifier_make", 0],
    ["__wbg_verifier_free", 0],
  ])) {
    served = setOf(other);
    t.mock.timers.setTime(Date.now() + 31_000);
    watched.arm(skip, only);
    await assert.rejects(verifier.verify(tokens.new), INTERNAL, only);
    assert.equal(watched.disarm(), false);
    await verifier.verify(tokens.old);
    assert.equal(await verifier.isAuthorizedByUserId(tokens.new, USER), false);
  }
  t.mock.timers.setTime(Date.now() + 31_000);
  await verifier.verify(tokens.new);
  await assert.rejects(verifier.verify(tokens.old), { reason: "kid_unknown" });
  // After a trap, the new instance must not go back to the first key set.
  watched.arm();
  await assert.rejects(verifier.verify(tokens.new), INTERNAL);
  await verifier.verify(tokens.new);
  nothingRanOnTheDead(watched);

  watched.arm(0, "verifier_make");
  await assert.rejects(readyVerifier(Verifier, url, { ...OPTIONS, fetch }), INTERNAL);
  await readyVerifier(Verifier, url, { ...OPTIONS, fetch });
});

test("a new instance that can't be made: internal, and the next call tries again", async (t) => {
  const { watched, Verifier, peek } = await watchedPackage(t);
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const token = key.token();
  watched.arm();
  await assert.rejects(verifier.verify(token), INTERNAL);
  for (const call of [() => verifier.verify(token), () => peek(token)]) {
    watched.arm(0, "__wbindgen_start");
    await assert.rejects(call, INTERNAL);
  }
  await verifier.verify(token);
  const { Instance } = WebAssembly;
  watched.arm();
  await assert.rejects(verifier.verify(token), INTERNAL);
  WebAssembly.Instance = class {
    /** @type {WebAssembly.Exports} */
    exports = {};

    constructor() {
      throw new RangeError("Out of memory");
    }
  };
  await assert.rejects(verifier.verify(token), INTERNAL);
  assert.equal(await verifier.isAuthorizedByUserId(token, USER), false);
  WebAssembly.Instance = Instance;
  assert.equal((await verifier.verify(token)).sub, USER);
  nothingRanOnTheDead(watched);
});

test("finalizers: verifiers of a dead instance are never freed, and a trap in a finalizer ends nothing", async (t) => {
  const { watched, Verifier } = await watchedPackage(t);
  const token = key.token();
  const make = (many) =>
    Promise.all(Array.from({ length: many }, () => Verifier.fromJwks(setOf(key), OPTIONS)));
  const collected = async () => {
    for (let i = 0; i < 5; i += 1) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const kept = await Verifier.fromJwks(setOf(key), OPTIONS);
  await make(20);
  await collected();
  assert.ok(watched.seen.freed > 0, "this test sees finalizers");

  /** @type {object | null} */
  let lost = await make(20);
  watched.arm();
  await assert.rejects(kept.verify(token), INTERNAL);
  const { freed } = watched.seen;
  await make(1);
  const others = await make(20);
  lost = null;
  await collected();
  assert.ok(watched.seen.freed <= freed + 1);
  nothingRanOnTheDead(watched);
  for (const verifier of [kept, ...others]) await verifier.verify(token);

  await make(20);
  watched.arm(0, "__wbg_verifier_free");
  await collected();
  assert.equal(watched.disarm(), false, "a finalizer trapped");
  for (const verifier of [kept, ...others]) await verifier.verify(token);
  nothingRanOnTheDead(watched);
  assert.equal(lost, null);
});

test("when a function that the wasm calls throws, the call fails, and the next one works", async (t) => {
  const { watched, Verifier } = await watchedPackage(t);
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const token = key.token();
  // When the wasm creates an error, it sets the member `reason`. Make this assignment throw.
  t.after(() => Reflect.deleteProperty(Object.prototype, "reason"));
  Object.defineProperty(Object.prototype, "reason", {
    configurable: true,
    set() {
      throw new RangeError("Maximum call stack size exceeded");
    },
  });
  await assert.rejects(verifier.verify("x"), INTERNAL);
  Reflect.deleteProperty(Object.prototype, "reason");
  assert.deepEqual((await verifier.verify(token)).roles, ["user", "editor"]);
  assert.equal(watched.seen.instances, 2);
});

/** Changes the package's wasm so that its memory can grow by at most `pages` pages. */
function withLittleMemory(bytes, pages) {
  const MEMORIES = 5;
  let at = 8;
  const number = () => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      shift += 7;
    }
  };
  for (;;) {
    const begin = at;
    const kind = bytes[at++];
    const end = number() + at;
    if (kind === MEMORIES) {
      assert.deepEqual([number(), number()], [1, 0], "one memory without a maximum");
      const least = number();
      assert.ok(least + pages < 128);
      const section = [MEMORIES, 4, 1, 1, least, least + pages];
      return Buffer.concat([bytes.subarray(0, begin), Buffer.from(section), bytes.subarray(end)]);
    }
    at = end;
  }
}

test("when memory runs out in the wasm, that call fails and the next one works", async (t) => {
  const { watched, project, load, Verifier } = await watchedPackage(t);
  const bytes = readFileSync(project.path("node_modules/edgegate/wasm/edgegate_bg.wasm"));
  await load(withLittleMemory(bytes, 4));
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const large = `{"keys":[${"5,".repeat(15_000)}5]}`;
  for (let time = 1; time <= 3; time += 1) {
    await assert.rejects(Verifier.fromJwks(large, OPTIONS), INTERNAL);
    assert.equal((await verifier.verify(key.token())).sub, USER);
    assert.equal(watched.seen.instances, 1 + time);
  }
  nothingRanOnTheDead(watched);
});

test("a call that the runtime cut off, or that calls back in, ends the instance", async (t) => {
  const { project } = await importPackage(t);
  const { Wasm } = await import(project.path("node_modules/edgegate/instance.js"));
  // (module
  //   (import "host" "call" (func $host))
  //   (func (export "trap") unreachable)
  //   (func (export "callHostTwice") (result i32) call $host call $host (i32.const 7))
  //   (func (export "seven") (result i32) (i32.const 7))
  //   (func (export "spin") (loop $l (br $l))))
  const module = new WebAssembly.Module(
    Buffer.from(
      "AGFzbQEAAAABCAJgAABgAAF/Ag0BBGhvc3QEY2FsbAAAAwUEAAEBAAcnBAR0cmFwAAENY2FsbEhvc3RUd2ljZQACBXNldmVuAAMEc3BpbgAEChwEAwAACwgAEAAQAEEHCwQAQQcLCAADQAwACwAL",
      "base64",
    ),
  );
  let host = /** @type {() => unknown} */ (() => {});
  let instances = 0;
  const makeGlue = ({ Instance }) => {
    const glue = {
      initSync({ module }) {
        instances += 1;
        glue.wasm = new Instance(module, { host: { call: () => host() } }).exports;
      },
      call: (name) => glue.wasm[name](),
    };
    return glue;
  };
  const wasm = new Wasm(module, makeGlue);
  const ask = (name) => wasm.run(({ call }) => call(name));
  assert.deepEqual([ask("seven"), ask("callHostTwice"), instances], [7, 7, 1]);

  globalThis.cutOff = () => ask("spin");
  t.after(() => delete globalThis.cutOff);
  assert.throws(() => vm.runInThisContext("cutOff()", { timeout: 50 }), {
    code: "ERR_SCRIPT_EXECUTION_TIMEOUT",
  });
  assert.deepEqual([ask("seven"), instances], [7, 2]);

  // The inner call runs on an instance of its own. The outer call must not continue after the inner
  // call, although the inner call threw nothing.
  const hosted = [];
  host = () => hosted.push(ask("seven"));
  assert.throws(() => ask("callHostTwice"), INTERNAL);
  assert.deepEqual(hosted, [7]);
  host = () => hosted.push(Number(assert.throws(() => ask("trap"), INTERNAL)));
  assert.throws(() => ask("callHostTwice"), INTERNAL);
  assert.equal(hosted.length, 2);
  assert.equal(ask("seven"), 7);

  // Here the function passed to `run` catches the trap itself.
  host = () => {};
  assert.throws(
    () =>
      wasm.run(({ call }) => {
        assert.throws(() => call("trap"), WebAssembly.RuntimeError);
        return call("seven");
      }),
    INTERNAL,
  );
  assert.throws(
    () =>
      wasm.run(({ call }) => {
        try {
          call("trap");
        } catch {
          return "fine";
        }
      }),
    INTERNAL,
  );
  assert.equal(ask("seven"), 7);

  // This error is thrown by the JavaScript of wasm-bindgen, between two calls into the wasm.
  const before = instances;
  const throwing = (thrown) =>
    wasm.run(() => {
      throw thrown;
    });
  assert.throws(() => throwing({ code: "invalid_token", reason: "expired" }), {
    code: "invalid_token",
  });
  assert.deepEqual([ask("seven"), instances], [7, before]);
  assert.throws(() => throwing(new RangeError("Maximum call stack size exceeded")), INTERNAL);
  assert.deepEqual([ask("seven"), instances], [7, before + 1]);
});

test("what wasm-bindgen's module catches and reports to the wasm ends the instance", async (t) => {
  const { project } = await importPackage(t);
  const { Wasm } = await import(project.path("node_modules/edgegate/instance.js"));
  const name = "__wbindgen_exn_store";
  // (module (func (export "__wbindgen_exn_store")))
  const module = new WebAssembly.Module(
    Uint8Array.of(
      ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
      ...[7, name.length + 4, 1, name.length, ...Buffer.from(name), 0, 0],
      ...[10, 4, 1, 2, 0, 11],
    ),
  );
  let instances = 0;
  const wasm = new Wasm(module, ({ Instance }) => {
    const glue = {
      initSync({ module }) {
        instances += 1;
        glue.report = new Instance(module, {}).exports[name];
      },
    };
    return { ...glue, report: () => glue.report() };
  });
  const caught = () =>
    wasm.run(({ report }) => {
      try {
        report();
      } catch {
        return "ignored";
      }
    });
  assert.throws(caught, INTERNAL);
  assert.throws(caught, INTERNAL);
  assert.equal(instances, 2, "the second call has an instance of its own");
});
