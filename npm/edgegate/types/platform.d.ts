// The types of the platform, such as `EventTarget`. A project can have them from `lib.dom`,
// `@types/node` or `@cloudflare/workers-types`. The declarations of this package don't name these
// types directly. So the declarations compile even in a project that has none of these three
// libraries.

// Each condition below names a single member of `globalThis`. If the conditions used one mapped
// type, the compiler would look at all members of `globalThis`. In a project that declares a global
// variable of the type `AuthClient`, the mapped type would then refer to itself.

/** An `EventTarget`. `unknown` if the project's types don't contain this class. */
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

/** A `URL`, or another object with `href` whose `toString()` returns a URL. */
export interface UrlLike {
  readonly href: string;
  toString(): string;
}

/** Members that a `Response` has on every platform. */
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

/** Members that an `EventTarget` has on every platform. */
export interface EventTargetLike {
  // biome-ignore lint/suspicious/noExplicitAny: the type of an event depends on the target
  addEventListener(type: string, listener: (event: any) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: the type of an event depends on the target
  removeEventListener(type: string, listener: (event: any) => void): void;
}
