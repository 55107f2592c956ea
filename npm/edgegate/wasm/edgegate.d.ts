// The types of wasm/edgegate.js, which has the functions that the wasm exports. The build
// (scripts/build-package.mjs) generates wasm/edgegate.js. These types mirror the Rust code from
// which the wasm is built.

/** Makes the functions for one instance of the wasm. */
export function glueFor(
  webAssembly: GlueWebAssembly,
  decoder: new (label: string, options: object) => { decode(bytes?: Uint8Array): string },
  encoder: new () => { encode(text: string): Uint8Array },
): Glue;

/** The parts of the global `WebAssembly` that wasm-bindgen's code uses. */
export interface GlueWebAssembly {
  Module: { [Symbol.hasInstance](value: unknown): boolean };
  Instance: new (
    module: WebAssembly.Module,
    imports: WebAssembly.Imports,
  ) => { exports: WebAssembly.Exports };
}

export interface Glue {
  /** Makes the instance of the wasm. */
  initSync(options: { module: WebAssembly.Module }): unknown;
  /** The claims, as JSON. */
  peek(token: unknown): string;
  /** The canonical form of an email address. Undefined if `email` is not an email address. */
  canonicalEmail(email: unknown): string | undefined;
  Verifier: {
    /** `options` has `issuer`, `audience` and `clockTolerance`. Other members are ignored. */
    make(jwks: unknown, options: unknown): GlueVerifier;
  };
}

export interface GlueSignatureCheck {
  /**
   * Begins to verify the signature with the key at this position of the key set. It is called only
   * if the form of the token and of its signature is valid. `signature` is a view of the wasm's
   * memory, so copy it before the next call into the wasm.
   */
  begin(position: number, signature: Uint8Array): void;
}

/** The coordinates of a key in base64url, as a JWK has them. Only a key for P-256 has `y`. */
export interface GluePublicKey {
  x: string;
  y: string | undefined;
}

export interface GlueVerifier {
  /** The claims, as JSON. */
  verify(token: unknown, now: number): string;
  /**
   * Like `verify`, but instead of checking the signature it calls `check.begin`. Returns JSON: the
   * claims, or the first rule that they break. Use the result only if the signature is valid.
   * `token` must be ASCII.
   */
  judgeUnverified(token: Uint8Array, now: number, check: GlueSignatureCheck): string;
  /** The key at this position of the key set. Undefined if there is none. */
  publicKey(position: number): GluePublicKey | undefined;
  free(): void;
}
