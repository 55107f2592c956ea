// Uses the package's types in a project that has the types of no platform: not those of the DOM, of
// Node or of Workers. packing.test.mjs compiles this file with the packed package. Nothing runs it.

import { AuthClient, type EdgegateError, type User, Verifier } from "edgegate";
import wasm from "edgegate/wasm/edgegate_bg.wasm";

export async function right(token: string): Promise<string> {
  const auth = new AuthClient({ url: "https://auth.example.com" });
  auth.addEventListener("signed-out", ({ detail, type }) => void [detail.reason, type]);
  const end = auth.subscribe(() => {});
  end();
  const response = await auth.fetch("https://auth.example.com/auth/me");
  const verifier = Verifier.fromIssuer("https://auth.example.com", {
    audience: "edgegate",
    now: auth.now,
  });
  const { sub } = await verifier.requireRole(token, ["admin"]);
  if (auth.status !== "signed_in") return `${sub} ${response.status}`;
  const user: User = auth.user;
  return user.email;
}

export function wrong(auth: AuthClient, error: EdgegateError): void {
  // @ts-expect-error: there is no such status
  void (auth.status === "signedIn");
  // @ts-expect-error: there is no such error code
  void (error.code === "expired");
  void wasm;
}
