// Removes from a wasm the code that makes the texts of errors. As the tool wasm-snip does, it
// replaces the functions of that code by traps. Later, wasm-opt removes the functions that are not
// called any more.
//
// The compiler can't leave this code out. serde-wasm-bindgen describes each value that it can't
// read in an error, and the compiler does not know that it never gets such a value. The
// descriptions use the standard library's formatting, which includes the printing of floats.
import { Advice } from "./advice.mjs";

// The patterns match the names that the compiler gives to functions. It has two schemes for
// mangling them.
/** The standard library's panics. A panic ends in a trap anyway, and nothing prints its message. */
const PANICS = /^(?!.*edgegate).*(4core|5alloc|3std|___rustc).*(panic|_fail|handle_)/;
/**
 * The errors of serde-wasm-bindgen. They don't occur, because crates/browser/src/argument.rs
 * rejects bad values before.
 */
const ERRORS = /serde_wasm_bindgen.*(5error|error\.\.Error|invalid_type_)|serde_core2de5Error/;
/**
 * The standard library's formatting. Only the functions that the patterns above match may call it,
 * which `snip` checks.
 */
const FORMATTING = /4core3fmt|3fmt(5Debug|7Display|5Write|8LowerHex|8UpperHex)|core\.\.fmt/;

/**
 * The wasm without the code of the three patterns. Throws if a function that stays in the wasm
 * calls the formatting, because the call would trap.
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
 * The functions of the module, except those that it imports.
 *
 * @param {typeof import("binaryen").default} binaryen
 * @param {InstanceType<typeof import("binaryen").default.Module>} module
 */
const functionsOf = (binaryen, module) =>
  Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  ).filter(({ base }) => !base);
