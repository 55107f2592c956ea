// The build makes the package's wasm smaller. It replaces three things with traps: panics, some
// errors, and the code that formats their messages. The build refuses this if other code calls the
// formatting code.
import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { snip } from "../../scripts/project/snip.mjs";

const NAMES = {
  panic: "_RNvNtCs1_4core9panicking9panic_fmt",
  error: "_ZN18serde_wasm_bindgen2de12Deserializer13invalid_type_17h1E",
  format: "_RNvNtCs1_4core3fmt5write",
};

/** Makes a wasm module. The module's function `live` calls each of the functions `called`. */
function wasmWith(called, names = Object.values(NAMES)) {
  const functions = names.map((name) => `(func $${name} (param i32) (result i32) (i32.const 7))`);
  const calls = called.map(
    (name) => `(if (local.get 0) (then (return (call $${name} (i32.const 1)))))`,
  );
  const module = binaryen.parseText(`(module
    (table 9 funcref) (elem (i32.const 0) ${names.map((name) => `$${name}`).join(" ")})
    ${functions.join("\n")}
    (func $live (export "live") (param i32) (result i32) ${calls.join("\n")} (i32.const 5))
    (func (export "indirect") (param i32) (result i32)
      (call_indirect (param i32) (result i32) (i32.const 1) (local.get 0))))`);
  binaryen.setDebugInfo(true);
  return module.emitBinary();
}

test("panics, errors and the formatting become traps, and the rest works", async () => {
  const wasm = wasmWith([NAMES.panic, NAMES.error]);
  const exportsOf = (/** @type {Uint8Array} */ bytes) => {
    const module = new WebAssembly.Module(Uint8Array.from(bytes));
    return /** @type {any} */ (new WebAssembly.Instance(module).exports);
  };
  const before = exportsOf(wasm);
  assert.deepEqual([before.live(0), before.live(1), before.indirect(2)], [5, 7, 7]);
  const after = exportsOf(await snip(wasm));
  assert.equal(after.live(0), 5);
  assert.throws(() => after.live(1), WebAssembly.RuntimeError);
  for (const place of [0, 1, 2])
    assert.throws(() => after.indirect(place), /unreachable/, `${place}`);
});

test("a wasm in which something calls the formatting, or that has none of it, is refused", async () => {
  await assert.rejects(snip(wasmWith([NAMES.format])), {
    message: /live calls \S+4core3fmt5write/,
  });
  for (const missing of Object.values(NAMES)) {
    const names = Object.values(NAMES).filter((name) => name !== missing);
    await assert.rejects(snip(wasmWith([], names)), { message: /no function .* is named like/ });
  }
});
