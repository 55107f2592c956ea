// The types of wasm/inline.js, which the build (scripts/build-package.mjs) generates.

/** The file wasm/edgegate_bg.wasm, in base64. */
declare const base64: string;
export default base64;
