// Compiles the wasm that the scripts include as base64. The loaders node.js and inline.js use it,
// so they need no wasm file.
import { decodeBase64 } from "./base64.js";
import { compile } from "./compile.js";
import base64 from "./wasm/inline.js";

export const compileInline = () => compile(decodeBase64(base64), "the package's wasm");
