/**
 * The same as `edgegate`, with the wasm as a part of the scripts. For browsers, when the bundler
 * does not make a file of the wasm (esbuild, Rollup).
 *
 * @packageDocumentation
 */

export * from "./index.js";
