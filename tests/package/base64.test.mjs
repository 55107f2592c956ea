// Some scripts of the package contain the wasm as base64. There are two ways to decode it: with the
// engine's `Uint8Array.fromBase64`, and without this function. Both must return the bytes of the
// wasm file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeBase64 } from "../../npm/edgegate/base64.js";
import { inRoot } from "../../scripts/project/root.mjs";

const NAME = "fromBase64";

/**
 * Calls `run`. During the call, `Uint8Array.fromBase64` is the function `fromBase64`. If
 * `fromBase64` is undefined, the engine's function is missing during the call.
 */
function withEngine(fromBase64, run) {
  const before = Object.getOwnPropertyDescriptor(Uint8Array, NAME);
  Object.defineProperty(Uint8Array, NAME, { value: fromBase64, configurable: true });
  try {
    return run();
  } finally {
    if (before) Object.defineProperty(Uint8Array, NAME, before);
    else Reflect.deleteProperty(Uint8Array, NAME);
  }
}

test("both ways give the bytes of the wasm", () => {
  const wasm = readFileSync(inRoot("npm/edgegate/wasm/edgegate_bg.wasm"));
  const text = wasm.toString("base64");
  let asked = 0;
  const ofEngine = (given) => {
    asked += 1;
    return new Uint8Array(Buffer.from(given, "base64"));
  };
  const bytes = [undefined, ofEngine].map((one) => withEngine(one, () => decodeBase64(text)));
  for (const one of bytes) assert.ok(wasm.equals(one));
  assert.equal(asked, 1);
});
