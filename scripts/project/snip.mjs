// Makes a wasm smaller by removing the code that makes the texts of errors. Like the tool
// wasm-snip, it replaces the bodies of these functions by a trap. Then it removes the functions
// that are not called any more.
//
// The compiler can't leave this code out: if serde-wasm-bindgen can't read a value, it describes
// the value in an error, and the compiler does not know that serde-wasm-bindgen never gets such a
// value. The descriptions use the standard library's formatting, which includes much code, such as
// that for printing floats.
import { Advice } from "./advice.mjs";

// These patterns match the names that the compiler gives to functions in the wasm (mangled names).
// The compiler has two schemes for mangling names, and the patterns match both.
/** The standard library's panics. A panic ends in a trap anyway, and nothing prints its message. */
const PANICS = /^(?!.*edgegate).*(4core|5alloc|3std|___rustc).*(panic|_fail|handle_)/;
/**
 * The errors of serde-wasm-bindgen. These errors never occur, because
 * crates/browser/src/argument.rs gives only objects to serde-wasm-bindgen, and reads their members
 * itself.
 */
const ERRORS = /serde_wasm_bindgen.*(5error|error\.\.Error|invalid_type_)|serde_core2de5Error/;
/**
 * The standard library's formatting. Only functions that the two patterns above match may call the
 * formatting. `snip` checks this.
 */
const FORMATTING = /4core3fmt|3fmt(5Debug|7Display|5Write|8LowerHex|8UpperHex)|core\.\.fmt/;

/**
 * Returns the wasm with a trap in place of each function that one of the three patterns matches.
 * Throws if one of the other functions calls the formatting, because this call would trap.
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
