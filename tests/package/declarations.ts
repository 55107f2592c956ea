// Compares the package's type declarations (npm/edgegate/types) with its scripts. If they differ,
// this file does not compile. `npm run types` compiles this file. Nothing runs it.
import type * as client from "../../npm/edgegate/client/index.js";
import type * as edgeLight from "../../npm/edgegate/edge-light.js";
import type { ERROR_CODES } from "../../npm/edgegate/errors.js";
import type * as node from "../../npm/edgegate/node.js";
import type * as redirect from "../../npm/edgegate/redirect/index.js";
import type * as declaredClient from "../../npm/edgegate/types/client.js";
import type * as declared from "../../npm/edgegate/types/index.js";
import type * as declaredRedirect from "../../npm/edgegate/types/redirect.js";
import type * as web from "../../npm/edgegate/web.js";
import type * as workerd from "../../npm/edgegate/workerd.js";

/** The type `true` if both types are exactly the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * The members of a type. Methods are turned into functions, because the compiler compares the
 * parameters of functions strictly, but those of methods loosely.
 */
type Members<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => R : T[K];
};

/**
 * The type `true` if the script and its declaration have the same members. Compiles only if the
 * types of the script's members fit the types of the declared members.
 */
type Agree<Script extends Members<Declared>, Declared> = Same<keyof Script, keyof Declared>;

type Class = abstract new (...args: never[]) => unknown;

/**
 * The type `true` if the script's constructor accepts everything that the declared constructor
 * accepts.
 */
type Accepts<Script extends Class, Declared extends Class> =
  ConstructorParameters<Declared> extends ConstructorParameters<Script> ? true : false;

// AuthClient is compared without these members. The compiler does not know that the type of `user`
// depends on `status`. The functions for listeners have the types of the platform.
type Listeners = "addEventListener" | "removeEventListener" | "dispatchEvent";
type State = keyof declared.AuthState;

type FunctionName = "load" | "peek" | "protect" | "resourceMetadata";
type Functions<Module extends Record<FunctionName, unknown>> = Pick<Module, FunctionName>;

export const checks: [
  // The exports of each module.
  Same<keyof typeof web, keyof typeof declared>,
  Same<keyof typeof node, keyof typeof declared>,
  Same<keyof typeof workerd, keyof typeof declared>,
  Same<keyof typeof edgeLight, keyof typeof declared>,
  Same<keyof typeof client, keyof typeof declaredClient>,
  Same<keyof typeof redirect, keyof typeof declaredRedirect>,
  Agree<Functions<typeof web>, Functions<typeof declared>>,
  // The static members of each class, and those of its objects.
  Agree<typeof web.Verifier, typeof declared.Verifier>,
  Agree<InstanceType<typeof web.Verifier>, declared.Verifier>,
  Same<keyof typeof client.AuthClient, keyof typeof declared.AuthClient>,
  Same<keyof client.AuthClient, keyof declared.AuthClient>,
  Agree<
    Omit<client.AuthClient, State | keyof EventTarget>,
    Omit<declared.AuthClientMembers, Listeners>
  >,
  Same<Pick<client.AuthClient, State>, Pick<declared.AuthState, State>>,
  Same<keyof typeof redirect.RedirectClient, keyof typeof declaredRedirect.RedirectClient>,
  Same<keyof redirect.RedirectClient, keyof declaredRedirect.RedirectClient>,
  Agree<
    Omit<redirect.RedirectClient, State | keyof EventTarget>,
    Omit<declaredRedirect.RedirectClientMembers, Listeners>
  >,
  Accepts<typeof redirect.RedirectClient, typeof declaredRedirect.RedirectClient>,
  Agree<client.EdgegateError, declared.EdgegateError>,
  Accepts<typeof client.AuthClient, typeof declared.AuthClient>,
  Accepts<typeof client.EdgegateError, typeof declared.EdgegateError>,
  Same<(typeof ERROR_CODES)[number], declared.ErrorCode>,
] = [
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
];
