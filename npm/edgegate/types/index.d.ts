/**
 * edgegate: checks access tokens with the same code as the service itself, compiled to WebAssembly.
 *
 * All checks here are local: they look at the signature, the times and the claims of a token. They
 * can't know whether the token was revoked after it was issued. In a page, a check decides what to
 * show. The server decides what is allowed.
 *
 * @packageDocumentation
 */

import type { FetchInit, FetchResponse, UrlLike, WasmModule } from "./platform.js";

export * from "./client.js";
export * from "./errors.js";

/**
 * The claims of an access token (RFC 9068 section 2.2, RFC 7519 section 4.1). There are no other
 * claims. Times are in Unix seconds.
 */
export interface Claims {
  /** Issuer: the origin of the service. */
  iss: string;
  /** The user's id. */
  sub: string;
  /** The audience that the token is for, or a list of audiences. */
  aud: string | string[];
  /** The OAuth client that asked for the token. */
  client_id: string;
  /** The first second in which the token is no longer valid. */
  exp: number;
  /** When the token was issued. */
  iat: number;
  /** The first second in which the token is valid. Without it, the token is valid at once. */
  nbf?: number;
  /** When the user last proved who they are. */
  auth_time?: number;
  /** The token's own id. */
  jti: string;
  /** The session that the token belongs to. */
  sid: string;
  /** A number that grows with each change of the user's roles, address, password or state. */
  ver: number;
  /** What the user may do. */
  roles: string[];
  /** The user's address in its canonical form. */
  email?: string;
  /** Whether the user has proved that the address is theirs. */
  email_verified: boolean;
  /** In a token of an app: what the app may do, with a space between the scopes (RFC 9068). */
  scope?: string;
  /**
   * In a token of an app: the id of the sign-on (the user's single sign-on in a browser) that the
   * app's session belongs to. Signing out of the sign-on ends the app's session.
   */
  sign_on?: string;
}

/** A public JSON Web Key (RFC 7517). */
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
 * A JWK Set (RFC 7517 section 5) with 1 to 20 usable public keys. Keys that are not usable are
 * ignored, and so are keys of the same algorithm that share a `kid`. A set with a private or
 * symmetric key is rejected.
 */
export interface JwkSet {
  keys: Jwk[];
}

/**
 * What a token must have to be valid, and the clock to use. Except `now`, the options have the same
 * names as in the library jose.
 */
export interface VerifierOptions {
  /** The required `iss`: the origin of the service, compared exactly. */
  issuer: string;
  /** The required audience: `aud` must contain this text, compared exactly. */
  audience: string;
  /**
   * The tolerated difference of the clocks in seconds, from 0 to 300. A token is still accepted for
   * this time after `exp`, and already accepted for this time before `iat` and `nbf`. Default: 0
   * after `exp`, and 60 before `iat` and `nbf`.
   */
  clockTolerance?: number | undefined;
  /**
   * The clock. It returns Unix **milliseconds**, like `Date.now`, which is the default. In a page,
   * pass the clock of the {@link AuthClient}, which is right even if the device's clock is wrong:
   * `now: auth.now`.
   */
  now?: (() => number) | undefined;
  /** The time to verify at, for tests. It can't be used together with `now`. */
  currentDate?: Date | undefined;
}

/** Options of {@link Verifier.fromJwksUrl}. */
export interface RemoteVerifierOptions extends VerifierOptions {
  /** Replaces the global `fetch`, for example with the `fetch` of a service binding. */
  fetch?: ((url: string, init?: FetchInit) => Promise<FetchResponse>) | undefined;
}

/**
 * Options of {@link Verifier.fromIssuer}. They have no `issuer`, because the issuer is the first
 * argument of the method.
 */
export type IssuerVerifierOptions = Omit<RemoteVerifierOptions, "issuer"> & { issuer?: never };

declare const unverified: unique symbol;

/** Claims that were not verified. The checks of a {@link Verifier} don't accept such claims. */
export type UnverifiedClaims = Claims & { readonly [unverified]: true };

/** Claims that {@link Verifier.verify} has returned. */
export type VerifiedClaims = Claims & { readonly [unverified]?: never };

/**
 * Verifies access tokens of one issuer for one audience.
 *
 * There are three forms of each check:
 *
 * - `requireRole(token, roles)` resolves to the claims, or rejects. The code of the error says why:
 *   no permission, a bad token, an outage, or a mistake in the program.
 * - `isAuthorizedByRole(token, roles)` resolves to true or false. False can also mean an outage or
 *   a mistake in the program.
 * - `hasRole(claims, roles)` returns true or false at once, without a promise. It takes claims that
 *   `verify` has returned before.
 *
 * Options that don't exist are rejected with `invalid_argument`.
 *
 * @example
 * ```js
 * const verifier = Verifier.fromIssuer("https://auth.example.com", {
 *   audience: "https://api.example.com",
 * });
 * const { sub, roles } = await verifier.verify(token);
 * ```
 */
export class Verifier {
  private constructor();

  /**
   * Makes a verifier for the service at this origin, such as `https://auth.example.com`. Its keys
   * are read from `/.well-known/jwks.json`, as by {@link Verifier.fromJwksUrl}.
   *
   * @throws {EdgegateError} `invalid_argument`
   */
  static fromIssuer(issuer: string | UrlLike, options: IssuerVerifierOptions): Verifier;

  /**
   * Makes a verifier at once, without a request. The verifier fetches the key set when it is first
   * needed, and fetches it again from time to time. `url` must be https, or http on this machine.
   * In a page, `url` may be relative.
   *
   * - Calls that need the key set at the same time share one fetch.
   * - If the first fetch fails, the calls that wait for it reject with `key_set_unavailable`. After
   *   a pause of 1 s, the next call tries again. The pause doubles with each failure, up to 30 s.
   * - An unknown `kid` leads to a new fetch, at most once in 30 s.
   * - If the keys were fetched more than 10 minutes ago, they are fetched again in the background.
   *   After the fetch, a key that was removed from the set is not used any more.
   * - While fetching fails, the current keys stay in use for up to an hour.
   *
   * @throws {EdgegateError} `invalid_argument`
   */
  static fromJwksUrl(url: string | UrlLike, options: RemoteVerifierOptions): Verifier;

  /**
   * Makes a verifier that uses the given key set: an object, or its JSON.
   *
   * @throws {EdgegateError} `invalid_key_set`, `invalid_argument`, `wasm_unavailable`
   */
  static fromJwks(jwks: JwkSet | string, options: VerifierOptions): Promise<Verifier>;

  /**
   * Loads the wasm and the key set before they are needed. A server can call it when it starts, so
   * that the first request does not wait.
   *
   * @throws {EdgegateError} `key_set_unavailable`, `invalid_key_set`, `wasm_unavailable`
   */
  ready(): Promise<void>;

  /**
   * The claims of a token, after its signature, form, issuer, audience and times were verified (RFC
   * 9068 section 4, RFC 8725).
   *
   * @throws {EdgegateError} `invalid_token` with a `reason`; `invalid_argument` if `token` is not a
   * string; `key_set_unavailable` or `invalid_key_set` if there are no keys to verify with;
   * `wasm_unavailable`
   */
  verify(token: string): Promise<VerifiedClaims>;

  /**
   * The claims of a token that is valid and has at least one of the roles, compared exactly.
   *
   * @throws {EdgegateError} `forbidden` if the token has none of the roles; `invalid_argument` if
   * `roles` is not a list of strings that are not empty; otherwise as {@link Verifier.verify}
   */
  requireRole(token: string, roles: Iterable<string>): Promise<VerifiedClaims>;

  /**
   * The claims of a token that is valid and was issued to the user with this id, compared exactly.
   *
   * @throws {EdgegateError} `forbidden` if the token was issued to another user; `invalid_argument`
   * if `userId` is empty or not a string; otherwise as {@link Verifier.verify}
   */
  requireUserId(token: string, userId: string): Promise<VerifiedClaims>;

  /**
   * The claims of a token that is valid and was issued to the user with this address. The user must
   * have proved that the address is theirs. Addresses are compared in their canonical form: ASCII
   * letters in upper and lower case are the same.
   *
   * @throws {EdgegateError} `forbidden` if the token has another address or an unverified one;
   * `invalid_argument` if `email` is empty or not a string; otherwise as {@link Verifier.verify}
   */
  requireEmail(token: string, email: string): Promise<VerifiedClaims>;

  /**
   * Whether {@link Verifier.requireRole} would resolve. False if `roles` is an empty list or a
   * string, and after any failure, such as an outage. Never rejects.
   */
  isAuthorizedByRole(token: string, roles: Iterable<string>): Promise<boolean>;

  /** Whether {@link Verifier.requireUserId} would resolve. Never rejects. */
  isAuthorizedByUserId(token: string, userId: string): Promise<boolean>;

  /** Whether {@link Verifier.requireEmail} would resolve. Never rejects. */
  isAuthorizedByEmail(token: string, email: string): Promise<boolean>;

  /**
   * Whether claims that `verify` has returned have at least one of the roles. The times in the
   * claims are not checked again.
   *
   * @throws {EdgegateError} `invalid_argument`, also for the claims that `peek` returns
   */
  hasRole(claims: VerifiedClaims, roles: Iterable<string>): boolean;

  /**
   * Whether claims that `verify` has returned are those of the user with this id.
   *
   * @throws {EdgegateError} as {@link Verifier.hasRole}
   */
  hasUserId(claims: VerifiedClaims, userId: string): boolean;

  /**
   * Whether claims that `verify` has returned are those of the user with this verified address.
   *
   * @throws {EdgegateError} as {@link Verifier.hasRole}
   */
  hasEmail(claims: VerifiedClaims, email: string): boolean;
}

/** Options of {@link protect}. */
export interface ProtectOptions {
  /** The origin of the service, such as `https://auth.example.com`. */
  issuer: string | UrlLike;
  /**
   * The URI of this API, as the service knows it. This API accepts only tokens whose audience is
   * this URI. `https://api.example.com` and `https://api.example.com/` are treated as the same URI.
   */
  resource: string | UrlLike;
  /** The access token must have all of these scopes: `"orders.read"`, or a list. */
  scope?: string | Iterable<string> | undefined;
  /**
   * Whether this API serves its {@link resourceMetadata}. If so, the header `WWW-Authenticate` of
   * the responses names the address of the metadata (RFC 9728), which clients of MCP look for.
   * Default: false.
   */
  metadata?: boolean | undefined;
  /**
   * Replaces the global `fetch`, as in the options of {@link Verifier.fromIssuer}. All later calls
   * for the same issuer and resource use the `fetch` of the first call.
   */
  fetch?: RemoteVerifierOptions["fetch"];
  /**
   * The clock, as in the options of {@link Verifier.fromIssuer}. As with `fetch`, later calls use
   * the clock of the first call.
   */
  now?: VerifierOptions["now"];
}

/**
 * The result of {@link protect}: the claims if the request is allowed, or the response to send if
 * it is refused.
 */
export type Protected =
  | { readonly claims: VerifiedClaims; readonly token: string; readonly response: null }
  | { readonly claims: null; readonly token: null; readonly response: FetchResponse };

/**
 * Protects an API, for example one that other people's apps call. The request needs a valid access
 * token for this `resource`, with the `scope`. A token for another API is rejected, and so is a
 * token that the service has issued to its own pages, unless the service's setting `AUDIENCE` is
 * this `resource`.
 *
 * A refused request gets one of these responses:
 *
 * - 401 with `WWW-Authenticate: Bearer`: the request has no token.
 * - 401 with `error="invalid_token"`: the token is not valid here.
 * - 403 with `error="insufficient_scope"`: the token lacks a scope.
 * - 400 with `error="invalid_request"`: the header is malformed.
 * - 503 with `Retry-After`: the token can't be checked now, for example because the keys of the
 *   service can't be fetched.
 *
 * ```js
 * const { claims, response } = await protect(request, { issuer, resource, scope: "orders.read" });
 * if (response) return response;
 * ```
 *
 * @throws {EdgegateError} `invalid_argument`
 */
export function protect(
  request: { readonly headers: { get(name: string): string | null } },
  options: ProtectOptions,
): Promise<Protected>;

/**
 * Returns the response that this API serves at the address `/.well-known/oauth-protected-resource`,
 * followed by the path of the resource. The response says where clients get tokens for this API
 * (RFC 9728). Clients of MCP need this response.
 *
 * @throws {EdgegateError} `invalid_argument`
 */
export function resourceMetadata(options: {
  /** The origin of the service. */
  issuer: string | UrlLike;
  /** The URI of this API, as the service knows it. */
  resource: string | UrlLike;
  /** The scopes that this API knows. */
  scopes?: Iterable<string> | undefined;
  /** What people call this API. */
  name?: string | undefined;
  /** The address of a page about this API. */
  documentation?: string | undefined;
}): FetchResponse;

/**
 * The claims of a token, **without verifying it**: the sender could have written anything. Use
 * these claims only for display and debugging.
 *
 * @throws {EdgegateError} `invalid_token` with a `reason`, if `token` does not have the form of an
 * access token; `invalid_argument` if it is not a string; `wasm_unavailable`
 */
export function peek(token: string): Promise<UnverifiedClaims>;

/**
 * Loads the wasm. Everything that needs the wasm loads it by itself, so call this only to load the
 * wasm earlier, or from another place. After a failure, you can call this again. When the wasm is
 * loaded, another call does nothing.
 *
 * @param wasm In browsers a URL, a `Response`, bytes or a compiled module; in Node a path, a
 * `file:` URL, a `Response`, bytes or a module; in Workers and other edge runtimes a module. For
 * anything else, and for a promise that rejects, the error is `wasm_unavailable`. The reason of a
 * rejected promise is the error's `cause`.
 * @throws {EdgegateError} `wasm_unavailable`: the message says what went wrong, and what to do
 */
export function load(wasm?: WasmSource | Promise<WasmSource>): Promise<void>;

/** Where to load the wasm from. */
export type WasmSource =
  | string
  | UrlLike
  | FetchResponse
  | ArrayBuffer
  | ArrayBufferView
  | WasmModule;
