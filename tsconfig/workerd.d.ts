// The modules of the runtime that npm/edgegate/workerd.js imports. The types of Workers can't be
// used for it: they contradict those of browsers, and the scripts that workerd.js imports run in
// both.

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
