// The types of wasm/edgegate.js, which the build makes (scripts/build-package.mjs): the functions
// that the wasm exports. They mirror the Rust code that the wasm is built from.
import type { Claims } from "../types/index.d.ts";

/** Makes the functions for one instance of the wasm. */
export function glueFor(
  webAssembly: GlueWebAssembly,
  decoder: new (label: string, options: object) => { decode(bytes?: Uint8Array): string },
  encoder: new () => { encode(text: string): Uint8Array },
): Glue;

/** What wasm-bindgen's code uses of the global `WebAssembly`. */
export interface GlueWebAssembly {
  Module: { [Symbol.hasInstance](value: unknown): boolean };
  Instance: new (
    module: WebAssembly.Module,
    imports: WebAssembly.Imports,
  ) => { exports: WebAssembly.Exports };
}

export interface Glue {
  /** Makes the instance. */
  initSync(options: { module: WebAssembly.Module }): unknown;
  peek(token: unknown): Claims;
  /** Undefined if `email` is not an address. */
  canonicalEmail(email: unknown): string | undefined;
  Verifier: {
    make(jwks: string, issuer: unknown, audience: unknown, clockTolerance: unknown): GlueVerifier;
  };
}

export interface GlueVerifier {
  verify(token: unknown, now: number): Claims;
  /** The place of the key that must have signed. The token's form is valid then. */
  signedBy(token: unknown): number;
  /** The coordinates of the key at this place: `x` (Ed25519) or `x.y` (P-256). */
  publicKey(position: number): string | undefined;
  /** `verify` without its signature check. */
  verifySigned(token: unknown, now: number): Claims;
  free(): void;
}
