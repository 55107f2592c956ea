// The platform's own types, where a project has them: from `lib.dom`, `@types/node` or
// `@cloudflare/workers-types`. The declarations of this package name none of them directly, so they
// compile without any of the three.

/** The objects that a global class makes. `Fallback` if the project's types don't know the class. */
export type PlatformObject<Name extends string, Fallback> = typeof globalThis extends {
  [K in Name]: { prototype: infer T };
}
  ? T
  : Fallback;

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
export type DetailEvent<Detail> = Omit<
  PlatformObject<"CustomEvent", { readonly type: string }>,
  "detail"
> & { readonly detail: Detail };

/** What every `EventTarget` has. */
export interface EventTargetLike {
  // biome-ignore lint/suspicious/noExplicitAny: the type of an event depends on the target
  addEventListener(type: string, listener: (event: any) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: the type of an event depends on the target
  removeEventListener(type: string, listener: (event: any) => void): void;
}
