// Compiles the wasm that the script wasm/inline.js contains as base64. The loaders node.js and
// inline.js use this function, so they need no separate wasm file.
import { decodeBase64 } from "./base64.js";
import { compile } from "./compile.js";
import base64 from "./wasm/inline.js";

export const compileInline = () => compile(decodeBase64(base64), "the package's wasm");
