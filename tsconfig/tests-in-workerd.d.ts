// What the tests' Workers import and what stands beside them only when they are run.

export {};

declare module "edgegate-wasm" {
  // With the feature of tests/conformance-worker.
  export function conformance_answer(path: string, env: object): Promise<string | undefined>;
  export function conformance_signatures(of: string, promises: number): Promise<string | undefined>;
  // bench/bare-worker/src/lib.rs
  export function bare(path: string, token: string, env: object): boolean;
}
