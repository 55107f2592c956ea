// Declares modules that the Workers of the tests import. These modules exist only where these
// Workers run.

export {};

declare module "edgegate-wasm" {
  // The wasm exports these two functions if it is built from tests/conformance-worker.
  export function conformance_answer(path: string, env: object): Promise<string | undefined>;
  export function conformance_signatures(of: string, promises: number): Promise<string | undefined>;
  // bench/bare-worker/src/lib.rs
  export function bare(path: string, token: string, env: object): boolean;
}
