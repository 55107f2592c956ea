// Code that must compile with the package's types, and code that must not compile. packing.test.mjs
// compiles this file with the packed package. Nothing runs it.

import type {
  AuthState,
  Claims,
  ErrorCode,
  ErrorReason,
  JwkSet,
  SignedOutReason,
  User,
  VerifierOptions,
} from "edgegate";
import {
  AuthClient,
  EdgegateError,
  load,
  peek,
  protect,
  resourceMetadata,
  Verifier,
} from "edgegate";
import { AuthClient as ClientAlone, EdgegateError as SameError } from "edgegate/client";
import { RedirectClient, type RedirectRequest, type RedirectResult } from "edgegate/redirect";
import type { AuthService } from "edgegate/rpc";

const options: VerifierOptions = {
  issuer: "https://auth.example.com",
  audience: "https://api.example.com",
};
const jwks: JwkSet = { keys: [{ kty: "OKP", crv: "Ed25519", x: "…", kid: "1" }] };

export async function right(token: string): Promise<boolean> {
  const verifier: Verifier = Verifier.fromJwksUrl(new URL("https://auth.example.com/jwks"), {
    ...options,
    clockTolerance: 5,
    currentDate: new Date(),
    fetch: (url, init) => fetch(url, init),
  });
  const former: Verifier = await Verifier.fromJwksUrl("https://auth.example.com/jwks", {
    ...options,
    fetch,
  });
  await former.ready();
  const auth = new AuthClient({ url: new URL("https://auth.example.com"), fetch });
  // Programs can read options from environment variables, so an option can be undefined. Such an
  // option has its default value.
  const unset = {} as { url?: string; tolerance?: number };
  new AuthClient({ url: unset.url });
  Verifier.fromIssuer("https://auth.example.com", {
    audience: options.audience,
    clockTolerance: unset.tolerance,
  });
  const byIssuer: Verifier = Verifier.fromIssuer("https://auth.example.com", {
    audience: options.audience,
    now: auth.now,
  });
  const claims: Claims = await (await Verifier.fromJwks(jwks, options)).verify(token);
  const required: Claims = await byIssuer.requireRole(token, ["admin"]);
  const verified = await verifier.verify(token);
  const held: boolean =
    verifier.hasRole(verified, ["admin"]) ||
    verifier.hasUserId(required, "ada") ||
    verifier.hasEmail(claims, "ada@example.com");
  const until: Date = new Date(claims.exp * 1000);
  const address: string | undefined = claims.email;
  const audiences: string[] = typeof claims.aud === "string" ? [claims.aud] : claims.aud;
  const { sub } = await peek(token);
  await load();
  await load(fetch("/edgegate_bg.wasm"));
  void [until, address, audiences, sub, held];
  const asked = [
    verifier.isAuthorizedByRole(token, new Set(["admin"])),
    verifier.isAuthorizedByRole(token, ["admin"] as const),
  ];
  return (await Promise.all(asked)).every((yes: boolean) => yes);
}

export function told(error: unknown): string {
  if (!(error instanceof EdgegateError)) return "";
  const code: ErrorCode = error.code;
  const reason: ErrorReason | undefined = error.reason;
  // @ts-expect-error: there is no such reason
  if (reason === "exipred") return "";
  switch (code) {
    case "invalid_token":
      return reason === "expired" ? "again" : (reason ?? "");
    case "rate_limited":
      return `${error.retryAfter ?? 0}`;
    case "reauthentication_required":
      return `${error.maxAge ?? 0}`;
    case "invalid_field":
      return error.errors?.map(({ field, reason }) => `${field}: ${reason}`).join() ?? "";
    // @ts-expect-error: there is no such error code
    case "token_invalid":
      return "";
    default:
      return error.message;
  }
}

export async function wrong(verifier: Verifier, token: string): Promise<void> {
  // @ts-expect-error: the audience is missing
  await Verifier.fromJwks(jwks, { issuer: "https://auth.example.com" });
  // @ts-expect-error: the tolerance must be a number of seconds, not a string
  await Verifier.fromJwks(jwks, { ...options, clockTolerance: "5s" });
  // @ts-expect-error: the first argument must be a key set, not a single key
  await Verifier.fromJwks({ kty: "OKP" }, options);
  // @ts-expect-error: the constructor is private; use the class's static functions
  new Verifier();
  // @ts-expect-error: the token must be a string, not an object
  await verifier.verify({ token });
  // @ts-expect-error: `get` can return null, and the token must be a string
  await verifier.verify(new Headers().get("Authorization"));
  // @ts-expect-error: the roles must be strings
  await verifier.isAuthorizedByRole(token, [1]);
  // @ts-expect-error: the check returns a promise, not a boolean
  const yes: boolean = verifier.isAuthorizedByUserId(token, "ada");
  // @ts-expect-error: the claims of an access token have no such member
  (await verifier.verify(token)).admin;
  // @ts-expect-error: `peek` returns a promise, so its result must be awaited first
  peek(token).sub;
  // @ts-expect-error: `peek` does not verify the token, so `hasRole` must not accept its claims
  verifier.hasRole(await peek(token), ["admin"]);
  // @ts-expect-error: there is no such option
  Verifier.fromIssuer("https://auth.example.com", { audiance: "edgegate" });
  // @ts-expect-error: the options must not name an issuer, because the first argument is the issuer
  Verifier.fromIssuer("https://auth.example.com", options);
  // @ts-expect-error: `now` must return milliseconds, not a Date
  Verifier.fromJwksUrl("https://auth.example.com/jwks", { ...options, now: () => new Date() });
  void yes;
}

export async function bound(env: { AUTH: AuthService }, token: string): Promise<boolean> {
  const { access_token, user } = await env.AUTH.generate_token("ada@example.com", "…", {
    ip: "192.0.2.1",
  });
  // @ts-expect-error: there is no such method
  await env.AUTH.generate_tokens("ada@example.com", "…");
  void [access_token, user.id];
  return env.AUTH.isAuthorizedByRole(token, ["admin"]);
}

export async function proved(client: AuthClient, password: string): Promise<void> {
  await client.reauthenticate(password);
  // @ts-expect-error: the argument must be the password, not an object
  await client.reauthenticate({ password });
}

export function shown(auth: AuthClient): string {
  auth.addEventListener("change", ({ detail }) => void (detail.status === "unknown"));
  auth.addEventListener("signed-in", ({ detail: { user } }) => void user.email);
  auth.addEventListener("signed-out", (event) => {
    const reason: SignedOutReason = event.detail.reason;
    // @ts-expect-error: there is no such reason
    if (event.detail.reason === "log_out") return;
    void reason;
  });
  const end: () => void = auth.subscribe(({ status }) => void status);
  end();
  const state: AuthState = auth.getSnapshot();
  if (state.status === "signed_in") {
    const user: User = state.user;
    return user.email;
  }
  // @ts-expect-error: nobody is signed in here, so `user` is null
  state.user.email;
  // The compiler also narrows the type of the client itself.
  if (auth.status === "signed_in") return auth.user.email;
  // @ts-expect-error: there is no such status
  if (auth.status === "signed-in") return "";
  // @ts-expect-error: `status` is read-only
  auth.status = "unknown";
  const { subscribe, getSnapshot, getServerSnapshot } = auth;
  void [subscribe, getSnapshot() === getServerSnapshot()];
  return auth.status;
}

export async function asked(auth: AuthClient): Promise<number> {
  const response: Response = await auth.fetch("https://auth.example.com/auth/me", {
    method: "GET",
  });
  const target: EventTarget = auth;
  void target;
  return response.status;
}

export async function byRedirect(): Promise<string> {
  const auth = new RedirectClient({
    issuer: new URL("https://auth.example.com"),
    clientId: "app",
    redirectUri: "/callback",
    origins: ["https://api.example.net"],
  });
  const request: RedirectRequest = { returnTo: "/orders", maxAge: 600, prompt: "login" };
  await auth.signInWithRedirect(request);
  const result: RedirectResult | null = await auth.handleRedirect();
  const end: () => void = auth.subscribe(({ status }) => void status);
  end();
  auth.addEventListener("signed-out", ({ detail }) => void (detail.reason === "other_tab"));
  // @ts-expect-error: `maxAge` must be a number of seconds, not a string
  await auth.signInWithRedirect({ maxAge: "600" });
  // @ts-expect-error: the issuer is missing
  new RedirectClient({ clientId: "app", redirectUri: "/callback" });
  // @ts-expect-error: there is no `login`, because an app can't sign users in with a password
  await auth.login({ email: "ada@example.com", password: "x" });
  await auth.signOut({ endSession: true });
  if (auth.status === "signed_in") return auth.user.email;
  return result?.user?.email ?? result?.returnTo ?? "";
}

export async function guarded(request: Request): Promise<Response> {
  const issuer = "https://auth.example.com";
  const resource = "https://api.example.com";
  if (request.url.endsWith("/metadata")) return resourceMetadata({ issuer, resource, scopes: [] });
  const { claims, response } = await protect(request, { issuer, resource, scope: ["read"] });
  if (response) return response;
  const scope: string | undefined = claims.scope;
  // @ts-expect-error: the resource is missing
  await protect(request, { issuer });
  return new Response(`${claims.sub} ${scope ?? ""}`);
}

export const same: typeof AuthClient = ClientAlone;
export const sameError: typeof EdgegateError = SameError;

// A page can have its client in a global variable.
declare global {
  var clientOfThePage: AuthClient;
}
export const id: string | undefined = globalThis.clientOfThePage.user?.id;
// @ts-expect-error: there is no such member (the type of the variable is not `any`)
globalThis.clientOfThePage.nothing;
