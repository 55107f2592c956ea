// Removes the code that makes the texts of errors from a wasm, as the tool wasm-snip does: the
// functions of that code become traps, and wasm-opt drops the functions that nobody calls any more.
//
// The compiler can't leave this code out. serde-wasm-bindgen describes each value that it can't
// read, and the compiler does not know that there is never such a value. The descriptions need the
// printing of floats and the standard library's formatting.
import { Advice } from "./advice.mjs";

// The names are those of the compiler, which mangles in two ways.
/** The standard library's panics. They are traps anyway, because nothing prints their messages. */
const PANICS = /^(?!.*edgegate).*(4core|5alloc|3std|___rustc).*(panic|_fail|handle_)/;
/** The errors of serde-wasm-bindgen. crates/browser/src/argument.rs rejects bad values before. */
const ERRORS = /serde_wasm_bindgen.*(5error|error\.\.Error|invalid_type_)|serde_core2de5Error/;
/** The standard library's formatting. Only the functions above may call it: see below. */
const FORMATTING = /4core3fmt|3fmt(5Debug|7Display|5Write|8LowerHex|8UpperHex)|core\.\.fmt/;

/**
 * The wasm without that code. Throws if a function that stays in the wasm calls the formatting: the
 * call would trap.
 *
 * @param {Uint8Array} wasm with the names of its functions
 * @returns {Promise<Uint8Array>} with the names of its functions
 */
export async function snip(wasm) {
  const { default: binaryen } = await import("binaryen");
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(wasm);
  try {
    for (const pattern of [PANICS, ERRORS, FORMATTING]) {
      const found = functionsOf(binaryen, module).filter(({ name }) => pattern.test(name));
      if (found.length === 0)
        throw new Advice(
          `no function of the wasm is named like ${pattern}: correct the pattern in scripts/project/snip.mjs. The compiler or serde-wasm-bindgen has changed its names.`,
        );
      for (const { name, params, results } of found) {
        module.removeFunction(name);
        module.addFunction(name, params, results, [], module.unreachable());
      }
    }
    module.runPasses(["remove-unused-module-elements"]);
    for (const { name, body } of functionsOf(binaryen, module)) {
      for (const [, called] of binaryen.emitText(body).matchAll(/\(call \$([^\s()]+)/g))
        if (FORMATTING.test(called))
          throw new Advice(
            `${name} calls ${called}, which scripts/project/snip.mjs takes out of the wasm: it would trap. Write it without \`format!\`, \`write!\` and \`to_string\`.`,
          );
    }
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/**
 * The functions that are not imported.
 *
 * @param {typeof import("binaryen").default} binaryen
 * @param {InstanceType<typeof import("binaryen").default.Module>} module
 */
const functionsOf = (binaryen, module) =>
  Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  ).filter(({ base }) => !base);
