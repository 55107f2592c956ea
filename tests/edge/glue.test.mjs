// The build changes the JavaScript module that wasm-bindgen generates, so that the Worker survives
// a trap (an error in the wasm, such as a panic). If the module differs from what the build
// expects, the build fails. These tests use a small module. Every build makes the same change to
// the real module.
import assert from "node:assert/strict";
import { test } from "node:test";
import { entryPoints, guardedGlue } from "../../scripts/project/worker-module.mjs";

const GLUE = `import source wasmModule from "./index_bg.wasm";
export class Unused {}
export function __wbg_reset_state () {
    wasmInstance = new WebAssembly.Instance(wasmModule, __wbg_get_imports());
    wasm = wasmInstance.exports;
}
export function sessions_answer(state, call) {}
function fetch2(request) {}
export { fetch2 as fetch }
function imports() { return {
  reinit: function() { __wbg_reinit_scheduled = true; },
  queue: function(arg0) { queueMicrotask(arg0); },
}; }
function makeMutClosure(arg0, arg1, f) {
    const real = (...args) => {
        if (state.instance !== __wbg_instance_id) {
            throw new Error('Cannot invoke closure from previous WASM instance');
        }
    };
}
let wasmInstance = new WebAssembly.Instance(wasmModule, __wbg_get_imports());
let wasm = wasmInstance.exports;
`;

test("wasm-bindgen's module makes its instances behind the guard, and drops closures of an earlier one", () => {
  const guarded = guardedGlue(GLUE);
  assert.match(
    guarded,
    /^import \{ GuardedWebAssembly as WebAssembly \} from ".*\/src\/edge\/instance\.mjs";\n/,
  );
  assert.match(guarded, /__wbg_instance_id\) \{\s+return;\s+\}/);
  // In workerd, `queueMicrotask` takes much longer than a callback of a resolved promise. So the
  // build replaces it.
  assert.match(guarded, /queue: function\(arg0\) \{ Promise\.resolve\(\)\.then\(arg0\); \}/);
});

test("every function that it exports is an entry point, its own ones are not", () => {
  const entries = entryPoints(guardedGlue(GLUE));
  assert.deepEqual(
    [...entries.matchAll(/^export const (\w+) = (.*);$/gm)].map(([, name, value]) => [name, value]),
    [
      ["sessions_answer", "/* @__PURE__ */ entry(glue.sessions_answer)"],
      ["fetch", "/* @__PURE__ */ entry(glue.fetch)"],
    ],
  );
});

for (const [what, change] of Object.entries({
  "an instance is made in another way": (glue) =>
    glue.replace("new WebAssembly.Instance(wasmModule", "new Instance(wasmModule"),
  "an instance is made at a third place": (glue) =>
    `${glue}const more = new WebAssembly.Instance(wasmModule, {});`,
  "the wasm is started by another function": (glue) =>
    `${glue}WebAssembly.instantiate(wasmModule, {});`,
  "closures of an earlier instance are found out in another way": (glue) =>
    glue.replace("closure from previous WASM", "closure of a previous Wasm"),
  "there is a second kind of closure": (glue) =>
    glue + glue.slice(glue.indexOf("function makeMutClosure"), glue.indexOf("let wasmInstance")),
  "its tasks are queued in another way": (glue) => glue.replace("queueMicrotask(", "setImmediate("),
  "its own guard makes new instances": (glue) =>
    `${glue}function other() { __wbg_reinit_scheduled = true; }`,
  "its own handler of traps is back": (glue) => `${glue}function __wbg_handle_catch(e) {}`,
  "the function that makes a new instance has another name": (glue) =>
    glue.replace("__wbg_reset_state", "__wbg_reset"),
})) {
  test(`the build fails when ${what}`, () => {
    assert.notEqual(change(GLUE), GLUE);
    assert.throws(
      () => guardedGlue(change(GLUE)),
      /wasm-bindgen's module has changed: `.*` is in it \d times, not \d\./,
    );
  });
}
