/**
 * The same as `edgegate`, but its scripts contain the wasm, so there is no wasm file. Use it in
 * browsers if the bundler does not copy the wasm file. esbuild and Rollup don't.
 *
 * @packageDocumentation
 */

export * from "./index.js";
