// The wasm as a part of the scripts, for the loaders that need no file (node.js, inline.js).
import { decodeBase64 } from "./base64.js";
import { compile } from "./compile.js";
import base64 from "./wasm/inline.js";

export const compileInline = () => compile(decodeBase64(base64), "the package's wasm");
