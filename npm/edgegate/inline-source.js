// The wasm as a part of the scripts, for the loaders that need no file (node.js, inline.js).
import { compile } from "./compile.js";
import base64 from "./wasm/inline.js";

export const compileInline = () => compile(bytesOf(base64), "the package's wasm");

/** @param {string} base64 */
function bytesOf(base64) {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = binary.charCodeAt(place);
  return bytes;
}
