// src/edge/instance.mjs guards a wasm instance. After a trap (an error in the wasm, such as a
// panic), it replaces the instance with a new one. These tests use a small wasm module to test
// events that happen in the whole Worker only by chance, such as a call that the runtime aborts.
// tests/e2e/traps tests the whole Worker.
import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { entriesOf, GuardedWebAssembly, InstanceDied } from "../../src/edge/instance.mjs";

// (module
//   (import "host" "call" (func $host))
//   (func (export "trap") unreachable)
//   (func (export "callHost") (result i32) call $host (i32.const 7))
//   (func (export "seven") (result i32) (i32.const 7))
//   (func (export "spin") (loop $l (br $l))))
const MODULE = new WebAssembly.Module(
  Buffer.from(
    "AGFzbQEAAAABCAJgAABgAAF/Ag0BBGhvc3QEY2FsbAAAAwUEAAEBAAciBAR0cmFwAAEIY2FsbEhvc3QAAgVzZXZlbgADBHNwaW4ABAoaBAMAAAsGABAAQQcLBABBBwsIAANADAALAAs=",
    "base64",
  ),
);

/**
 * Acts as the module that wasm-bindgen generates. It has the exports of the newest instance, and a
 * function that creates another instance.
 */
function glue() {
  const made = { instances: 0, host: () => {} };
  made.again = () => {
    made.instances += 1;
    made.wasm = new GuardedWebAssembly.Instance(MODULE, {
      host: { call: () => made.host() },
    }).exports;
  };
  made.again();
  made.entry = entriesOf(made.again);
  return made;
}

test("an entry point has a new instance before its first argument is read", () => {
  const made = glue();
  assert.throws(
    made.entry(() => made.wasm.trap()),
    WebAssembly.RuntimeError,
  );
  const instancesSeen = [];
  const answer = made.entry((argument) => {
    instancesSeen.push(made.instances);
    return made.wasm.seven() + argument.length;
  })("three");
  assert.deepEqual([answer, instancesSeen], [12, [2]]);
});

test("a live instance is kept", () => {
  const made = glue();
  for (let time = 0; time < 3; time += 1) assert.equal(made.entry(() => made.wasm.seven())(), 7);
  assert.throws(
    made.entry(() => {
      throw new TypeError("of an argument, outside of the wasm");
    }),
    TypeError,
  );
  assert.equal(made.entry(() => made.wasm.seven())(), 7);
  assert.equal(made.instances, 1);
});

test("what JavaScript calls on a dead instance, without an entry point, does not run and does not throw", () => {
  const made = glue();
  const { wasm } = made;
  assert.throws(() => wasm.trap(), WebAssembly.RuntimeError);
  let ran = false;
  made.host = () => (ran = true);
  assert.notEqual(wasm.callHost(), 7);
  assert.equal(ran, false);
  // There is a new instance now. A call that belongs to the old instance still must not run.
  made.again();
  assert.notEqual(wasm.callHost(), 7);
  assert.equal(ran, false);
});

test("a function that is still on the stack of a dead instance does not go on, though JavaScript caught the trap", () => {
  const made = glue();
  made.host = () => {
    assert.throws(() => made.wasm.trap(), WebAssembly.RuntimeError);
    // After the trap, call the wasm again, as wasm-bindgen does: it passes an error that an import
    // has thrown back to the wasm.
    made.wasm.seven();
  };
  assert.throws(
    made.entry(() => made.wasm.callHost()),
    InstanceDied,
  );
  made.host = () => {};
  assert.equal(made.entry(() => made.wasm.callHost())(), 7);
  assert.equal(made.instances, 2);
});

test("a function whose import swallowed the trap does not go on either", () => {
  const made = glue();
  // The imported function returns normally after the trap. This happens with
  // `new Promise(closure)`: the constructor catches the trap and rejects the promise.
  made.host = () => void new Promise(() => made.wasm.trap()).catch(() => {});
  assert.throws(
    made.entry(() => made.wasm.callHost()),
    InstanceDied,
  );
  made.host = () => {};
  assert.equal(made.entry(() => made.wasm.callHost())(), 7);
  assert.equal(made.instances, 2);
});

test("an exception of an import that passes through the wasm ends the instance", () => {
  const made = glue();
  made.host = () => {
    throw new Error("not caught in Rust");
  };
  assert.throws(
    made.entry(() => made.wasm.callHost()),
    /not caught/,
  );
  made.entry(() => made.wasm.seven())();
  assert.equal(made.instances, 2);
});

test("a promise is rejected once its instance traps, one of the next instance is not, and settled ones stay as they are", async () => {
  const made = glue();
  const never = made.entry(() => new Promise(() => {}));
  const lost = [never(), never()];
  const kept = made.entry(async () => 7)();
  assert.equal(await kept, 7);
  await assert.rejects(
    made.entry(async () => {
      throw new RangeError("its own");
    })(),
    RangeError,
  );
  assert.throws(
    made.entry(() => made.wasm.trap()),
    WebAssembly.RuntimeError,
  );
  for (const promise of lost) await assert.rejects(promise, InstanceDied);
  let settle;
  const later = made.entry(() => new Promise((resolve) => (settle = resolve)))();
  settle("of the new instance");
  assert.equal(await later, "of the new instance");
  assert.equal(await kept, 7);
});

test("a call that the runtime cut off ends the instance, as a trap does", async () => {
  const made = glue();
  const lost = made.entry(() => new Promise(() => {}))();
  globalThis.cutOff = made.entry(() => made.wasm.spin());
  assert.throws(() => vm.runInThisContext("cutOff()", { timeout: 50 }), {
    code: "ERR_SCRIPT_EXECUTION_TIMEOUT",
  });
  delete globalThis.cutOff;
  assert.equal(made.entry(() => made.wasm.seven())(), 7);
  assert.equal(made.instances, 2);
  await assert.rejects(lost, InstanceDied);
});

test("a new instance that traps as it starts is not the last one", () => {
  const made = glue();
  let fails = 2;
  const entry = entriesOf(() => {
    made.again();
    if (fails-- > 0) made.wasm.trap();
  });
  assert.throws(
    entry(() => made.wasm.trap()),
    WebAssembly.RuntimeError,
  );
  for (let time = 0; time < 2; time += 1)
    assert.throws(
      entry(() => made.wasm.seven()),
      WebAssembly.RuntimeError,
    );
  assert.equal(entry(() => made.wasm.seven())(), 7);
});
