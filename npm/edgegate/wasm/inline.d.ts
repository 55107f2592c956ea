// The types of wasm/inline.js, which the build makes (scripts/build-package.mjs).

/** wasm/edgegate_bg.wasm in base64. */
declare const base64: string;
export default base64;
