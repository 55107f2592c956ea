/**
 * The same as `edgegate`, but its scripts contain the wasm, so there is no wasm file. Use it in
 * browsers if the bundler does not copy the wasm file, for example with esbuild or Rollup.
 *
 * @packageDocumentation
 */

export * from "./index.js";
