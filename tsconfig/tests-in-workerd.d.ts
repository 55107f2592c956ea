// Modules that the Workers of the tests import, and that exist only when these Workers run.

export {};

declare module "edgegate-wasm" {
  // These two are exported if the wasm is built with the feature of tests/conformance-worker.
  export function conformance_answer(path: string, env: object): Promise<string | undefined>;
  export function conformance_signatures(of: string, promises: number): Promise<string | undefined>;
  // bench/bare-worker/src/lib.rs
  export function bare(path: string, token: string, env: object): boolean;
}
