/**
 * edgegate: access tokens checked by the code that the service runs, compiled to WebAssembly.
 *
 * A check here is local: it sees the signature, the times and the claims, and no revocation since the token was issued.
 * In a page it decides what to show, never what is allowed: that is the server's answer.
 *
 * @packageDocumentation
 */

export * from "./client/index.js";
export * from "./errors.js";

/**
 * The claims of an access token (RFC 9068 section 2.2, RFC 7519 section 4.1): these and no others. Times are Unix seconds.
 */
export interface Claims {
  /** Issuer: the service's origin. */
  iss: string;
  /** The user's id. */
  sub: string;
  /** For whom the token is: one audience, or several. */
  aud: string | string[];
  /** The OAuth client that asked for it. */
  client_id: string;
  /** The first second at which it is no longer valid. */
  exp: number;
  /** When it was issued. */
  iat: number;
  /** The first second at which it is valid, if it is not at once. */
  nbf?: number;
  /** When the user last proved who they are. */
  auth_time?: number;
  /** The token's own id. */
  jti: string;
  /** The session that it belongs to. */
  sid: string;
  /** Grows when the user's roles, address, password or state change. */
  ver: number;
  /** What the user may do. */
  roles: string[];
  /** The user's address, in its canonical form. */
  email?: string;
  /** Whether the user proved that the address is theirs. */
  email_verified: boolean;
}

/** A JSON Web Key (RFC 7517), public. */
export interface Jwk {
  /** `OKP` (Ed25519) or `EC` (P-256). */
  kty: string;
  crv?: string;
  x?: string;
  y?: string;
  kid?: string;
  use?: string;
  alg?: string;
  key_ops?: string[];
  [member: string]: unknown;
}

/**
 * A JWK Set (RFC 7517 section 5): 1 to 20 usable public keys. Other keys beside them are skipped, and
 * so are keys of one algorithm that share a `kid`. A set with a private or symmetric key is rejected.
 */
export interface JwkSet {
  keys: Jwk[];
}

/** What is expected of tokens. The names are those of the library jose. */
export interface VerifierOptions {
  /** `iss` must be this: the service's origin, compared exactly. */
  issuer: string;
  /** `aud` must hold this, compared exactly. */
  audience: string;
  /** For how many seconds after `exp` a token still passes, and before `iat` and `nbf`: 0 to 300. Default 0, and 60 before `iat` and `nbf`. */
  clockTolerance?: number;
  /** Verifies as of this time; for tests. Default: the clock. */
  currentDate?: Date;
}

/** Options of {@link Verifier.fromJwksUrl}. */
export interface RemoteVerifierOptions extends VerifierOptions {
  /** Fetches the key set in the place of the global `fetch`: a service binding's, for one. */
  fetch?: (url: string, init?: RequestInit) => Promise<Response>;
}

/**
 * Verifies access tokens of one issuer for one audience.
 *
 * @example
 * ```js
 * const verifier = await Verifier.fromJwksUrl("https://auth.example.com/.well-known/jwks.json", {
 *   issuer: "https://auth.example.com",
 *   audience: "https://api.example.com",
 * });
 * const { sub, roles } = await verifier.verify(token);
 * ```
 */
export class Verifier {
  private constructor();

  /**
   * Fetches the key set from `url` (https, or http on a loopback host; in a page it may be relative) and keeps it fresh: an
   * unknown `kid` refetches, at most once in 30 s; keys older than 10 minutes are refetched in the background; a key that is
   * gone from the set no longer verifies. While a refetch fails, the keys at hand serve for an hour.
   *
   * @throws {EdgegateError} `key_set_unavailable`, `invalid_key_set`, `invalid_argument`, `wasm_unavailable`
   */
  static fromJwksUrl(url: string | URL, options: RemoteVerifierOptions): Promise<Verifier>;

  /**
   * Takes a key set that is at hand, as an object or as JSON.
   *
   * @throws {EdgegateError} `invalid_key_set`, `invalid_argument`, `wasm_unavailable`
   */
  static fromJwks(jwks: JwkSet | string, options: VerifierOptions): Promise<Verifier>;

  /**
   * The claims of a token whose signature, form, issuer, audience and times are good (RFC 9068 section 4, RFC 8725).
   *
   * @throws {EdgegateError} `invalid_token` with a `reason`; `invalid_argument` when it is no string; `key_set_unavailable`
   * or `invalid_key_set` when there are no keys to tell by
   */
  verify(token: string): Promise<Claims>;

  /**
   * Whether the token is valid and has at least one of the roles, compared exactly. False for an empty list, for a string,
   * and whenever anything goes wrong: never rejects.
   */
  isAuthorizedByRole(token: string, roles: Iterable<string>): Promise<boolean>;

  /** Whether the token is valid and was issued to the user with this id, compared exactly. Never rejects. */
  isAuthorizedByUserId(token: string, userId: string): Promise<boolean>;

  /**
   * Whether the token is valid and was issued to the owner of this address, who proved that it is theirs. Addresses are
   * compared in their canonical form: the case of ASCII letters does not matter. Never rejects.
   */
  isAuthorizedByEmail(token: string, email: string): Promise<boolean>;
}

/**
 * The claims of a token, **unverified**: whoever sent it may have written all of it. For display and debugging only.
 *
 * @throws {EdgegateError} `invalid_token` with a `reason`: it has not the form of an access token
 */
export function peek(token: string): Promise<Claims>;

/**
 * Loads the wasm, which everything that needs it does by itself: to have it early, or from another place. It may be called
 * again after a failure; once it has succeeded, it does nothing.
 *
 * @param wasm In browsers an address, a `Response`, bytes or a compiled module; in Node a path, bytes or a module; in Workers
 * a module. Anything else, and a promise that rejects, is `wasm_unavailable` with the `cause`.
 * @throws {EdgegateError} `wasm_unavailable`: the message says what was in the way, and what to do
 */
export function load(wasm?: WasmSource | Promise<WasmSource>): Promise<void>;

/** Where the wasm may come from. */
export type WasmSource =
  | string
  | URL
  | Response
  | ArrayBuffer
  | ArrayBufferView
  | WebAssembly.Module;
