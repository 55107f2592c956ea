// The platform's own types, where a project has them: from `lib.dom`, `@types/node` or
// `@cloudflare/workers-types`. The declarations of this package name none of them directly, so they
// compile without any of the three.

// Each condition names one member. With a mapped type the compiler would look at all members of
// `globalThis`. If a project declares one of them as an `AuthClient`, that would be circular.

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

/** A `URL`, or anything else that is written as one. */
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
