/** The compiled module that a bundler for Workers makes of the file. Pass it to `load()`. */
declare const module: WebAssembly.Module;
export default module;
