/** What a bundler for Workers makes of the file; for `load()`. */
declare const module: WebAssembly.Module;
export default module;
