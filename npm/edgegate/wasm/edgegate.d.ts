// The types of wasm/edgegate.js, which the build makes (scripts/build-package.mjs): the functions
// that the wasm exports. They mirror the Rust code that the wasm is built from.

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
  /** The claims, as JSON. */
  peek(token: unknown): string;
  /** Undefined if `email` is not an address. */
  canonicalEmail(email: unknown): string | undefined;
  Verifier: {
    make(jwks: string, issuer: unknown, audience: unknown, clockTolerance: unknown): GlueVerifier;
  };
}

export interface GlueSignatureCheck {
  /**
   * Begins to verify the signature with the key at this position of the key set. The form of the
   * token and of its signature is valid then. `signature` is a view of the wasm's memory: copy it.
   */
  begin(position: number, signature: Uint8Array): void;
}

export interface GlueVerifier {
  /** The claims, as JSON. */
  verify(token: unknown, now: number): string;
  /**
   * `verify` without its signature check: it calls `check.begin` instead. Returns JSON: the claims,
   * or the first rule that they break. Both may be used only if the signature is valid. `token` is
   * ASCII.
   */
  judgeUnverified(token: Uint8Array, now: number, check: GlueSignatureCheck): string;
  /** The coordinates of the key at this position: `x` (Ed25519) or `x.y` (P-256). */
  publicKey(position: number): string | undefined;
  free(): void;
}
