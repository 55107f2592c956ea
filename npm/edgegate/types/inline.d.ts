/**
 * The same as `edgegate`, but its scripts include the wasm. It is for browsers, if the bundler does
 * not make a file of the wasm (esbuild, Rollup).
 *
 * @packageDocumentation
 */

export * from "./index.js";
