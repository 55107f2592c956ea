import type { WasmModule } from "./platform.js";

/** The compiled module that a bundler for Workers makes from the wasm file. Pass it to `load()`. */
declare const module: WasmModule;
export default module;
