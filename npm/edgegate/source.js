// Finds out what the argument of load() is. The argument can come from another realm, such as an
// iframe, the sandbox of a test runner or the sandbox of an edge runtime. These functions don't use
// `instanceof`, because it is false for every object of another realm.

/**
 * @param {unknown} value
 * @returns {value is WebAssembly.Module}
 */
export function isModule(value) {
  try {
    // Throws for anything that is not a module. Accepts modules of other realms.
    WebAssembly.Module.exports(/** @type {WebAssembly.Module} */ (value));
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {unknown} value
 * @returns {value is string | URL}
 */
export const isPlace = (value) => typeof value === "string" || tagOf(value) === "URL";

/**
 * @param {unknown} value
 * @returns {value is Response}
 */
export const isResponse = (value) => tagOf(value) === "Response";

/**
 * @param {unknown} value
 * @returns {value is BufferSource}
 */
export const isBytes = (value) => ArrayBuffer.isView(value) || tagOf(value) === "ArrayBuffer";

/**
 * The name of a built-in object's class, such as `URL`. It is the same in every realm.
 *
 * @param {unknown} value
 */
const tagOf = (value) => Object.prototype.toString.call(value).slice(8, -1);
