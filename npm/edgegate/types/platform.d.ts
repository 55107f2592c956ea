// The types of the platform, such as `EventTarget`. A project may have them from `lib.dom`,
// `@types/node` or `@cloudflare/workers-types`. The declarations of this package don't name these
// types directly, so they compile even if a project has none of the three.

// Each condition below names a single member of `globalThis`. With a mapped type, the compiler
// would look at all members of `globalThis`. If a project declares one of them as an `AuthClient`,
// the type would refer to itself.

/** An `EventTarget`. `unknown` if the project's types don't know the class. */
export type PlatformEventTarget = typeof globalThis extends {
  EventTarget: { prototype: infer T };
}
  ? T
  : unknown;

/** An `AbortSignal`. */
export type PlatformAbortSignal = typeof globalThis extends {
  AbortSignal: { prototype: infer T };
}
  ? T
  : object;

/** A `CustomEvent`. */
type PlatformCustomEvent = typeof globalThis extends { CustomEvent: { prototype: infer T } }
  ? T
  : { readonly type: string };

/** The platform's `fetch`. */
export type Fetch = typeof globalThis extends { fetch: infer F }
  ? F
  : (input: string | UrlLike, init?: object) => Promise<ResponseLike>;

/** The result of `fetch`. */
export type FetchResponse = Fetch extends (...args: never[]) => Promise<infer R> ? R : ResponseLike;

/** The second argument of `fetch`. */
export type FetchInit = Fetch extends (input: never, init?: infer I) => unknown ? I : object;

/** A `URL`, or another object whose text is a URL. */
export interface UrlLike {
  readonly href: string;
  toString(): string;
}

/** What every `Response` has. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  json(): Promise<unknown>;
  text(): Promise<string>;
}

/** A compiled `WebAssembly.Module`. */
export type WasmModule = typeof globalThis extends {
  WebAssembly: { Module: { prototype: infer M } };
}
  ? M
  : object;

/** A `CustomEvent` with this `detail`. */
export type DetailEvent<Detail> = Omit<PlatformCustomEvent, "detail"> & {
  readonly detail: Detail;
};

/** What every `EventTarget` has. */
export interface EventTargetLike {
  // biome-ignore lint/suspicious/noExplicitAny: the type of an event depends on the target
  addEventListener(type: string, listener: (event: any) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: the type of an event depends on the target
  removeEventListener(type: string, listener: (event: any) => void): void;
}
