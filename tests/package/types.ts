// What the types must accept and reject. packing.test.mjs compiles this file with the packed
// package; it is never run.

import type { Claims, ErrorCode, JwkSet, VerifierOptions } from "edgegate";
import { type AuthClient, EdgegateError, load, peek, Verifier } from "edgegate";
import { AuthClient as ClientAlone, EdgegateError as SameError } from "edgegate/client";
import type { AuthService } from "edgegate/rpc";

const options: VerifierOptions = {
  issuer: "https://auth.example.com",
  audience: "https://api.example.com",
};
const jwks: JwkSet = { keys: [{ kty: "OKP", crv: "Ed25519", x: "…", kid: "1" }] };

export async function right(token: string): Promise<boolean> {
  const verifier: Verifier = await Verifier.fromJwksUrl(new URL("https://auth.example.com/jwks"), {
    ...options,
    clockTolerance: 5,
    currentDate: new Date(),
    fetch: (url, init) => fetch(url, init),
  });
  await Verifier.fromJwksUrl("https://auth.example.com/jwks", { ...options, fetch });
  const claims: Claims = await (await Verifier.fromJwks(jwks, options)).verify(token);
  const until: Date = new Date(claims.exp * 1000);
  const address: string | undefined = claims.email;
  const audiences: string[] = typeof claims.aud === "string" ? [claims.aud] : claims.aud;
  const { sub } = await peek(token);
  await load();
  await load(fetch("/edgegate_bg.wasm"));
  void [until, address, audiences, sub];
  const asked = [
    verifier.isAuthorizedByRole(token, new Set(["admin"])),
    verifier.isAuthorizedByRole(token, ["admin"] as const),
  ];
  return (await Promise.all(asked)).every((yes: boolean) => yes);
}

export function told(error: unknown): string {
  if (!(error instanceof EdgegateError)) return "";
  const code: ErrorCode = error.code;
  switch (code) {
    case "invalid_token":
      return error.reason ?? "";
    case "rate_limited":
      return `${error.retryAfter ?? 0}`;
    case "reauthentication_required":
      return `${error.maxAge ?? 0}`;
    case "invalid_field":
      return error.errors?.map(({ field, reason }) => `${field}: ${reason}`).join() ?? "";
    // @ts-expect-error: no such code
    case "token_invalid":
      return "";
    default:
      return error.message;
  }
}

export async function wrong(verifier: Verifier, token: string): Promise<void> {
  // @ts-expect-error: an audience is needed
  await Verifier.fromJwks(jwks, { issuer: "https://auth.example.com" });
  // @ts-expect-error: seconds, not text
  await Verifier.fromJwks(jwks, { ...options, clockTolerance: "5s" });
  // @ts-expect-error: a set, not a key
  await Verifier.fromJwks({ kty: "OKP" }, options);
  // @ts-expect-error: made by its two functions only
  new Verifier();
  // @ts-expect-error: a token is a string
  await verifier.verify({ token });
  // @ts-expect-error: a header may be absent
  await verifier.verify(new Headers().get("Authorization"));
  // @ts-expect-error: roles are strings
  await verifier.isAuthorizedByRole(token, [1]);
  // @ts-expect-error: a promise is not yet an answer
  const yes: boolean = verifier.isAuthorizedByUserId(token, "ada");
  // @ts-expect-error: claims are those of an access token
  (await verifier.verify(token)).admin;
  // @ts-expect-error: no way round the promise
  peek(token).sub;
  void yes;
}

export async function bound(env: { AUTH: AuthService }, token: string): Promise<boolean> {
  const { access_token, user } = await env.AUTH.generate_token("ada@example.com", "…", {
    ip: "192.0.2.1",
  });
  // @ts-expect-error: no such method
  await env.AUTH.generate_tokens("ada@example.com", "…");
  void [access_token, user.id];
  return env.AUTH.isAuthorizedByRole(token, ["admin"]);
}

export async function proved(client: AuthClient, password: string): Promise<void> {
  await client.reauthenticate(password);
  // @ts-expect-error: the password alone, not an object
  await client.reauthenticate({ password });
}

export const same: typeof AuthClient = ClientAlone;
export const sameError: typeof EdgegateError = SameError;
