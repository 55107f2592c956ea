// Declares the modules of the runtime that npm/edgegate/workerd.js imports. The types of Workers
// can't be used to check workerd.js: the scripts that it imports also run in browsers, and the
// types of Workers contradict those of browsers.

declare module "cloudflare:workers" {
  /** Older runtimes don't have this function. */
  export const waitUntil: ((work: Promise<unknown>) => void) | undefined;
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}
