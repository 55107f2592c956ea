// Uses the types of "edgegate/rpc" in a Worker with a service binding to edgegate. packing.test.mjs
// compiles this file with the packed package. Nothing runs it.
import type { AuthError, AuthService, Client, SignedIn, Tokens } from "edgegate/rpc";

interface Env {
  AUTH: AuthService;
  /** A service binding has `fetch` in addition to the methods. */
  SERVICE: Service<AuthService & Rpc.WorkerEntrypointBranded>;
}

export default {
  async fetch(request, env) {
    const client: Client = {
      ip: request.headers.get("CF-Connecting-IP"),
      user_agent: request.headers.get("User-Agent"),
    };
    try {
      const { access_token, refresh_token, user }: SignedIn = await env.AUTH.generate_token(
        "ada@example.com",
        "…",
        client,
      );
      const renewed: Tokens = await env.AUTH.renewToken(refresh_token, client);
      const name: string | null = user.first_name;
      const checks: boolean[] = [
        await env.AUTH.is_authorized_by_role(access_token, ["admin"] as const),
        await env.AUTH.isAuthorizedByRole(access_token, new Set(user.roles)),
        await env.AUTH.is_authorized_by_user_id(access_token, user.id),
        await env.AUTH.isAuthorizedByEmail(access_token, user.email),
        await env.SERVICE.is_authorized_by_role(access_token, ["admin"]),
      ];
      await env.AUTH.generateToken("ada@example.com", "…");
      await env.AUTH.resetPassword(user.email);
      await env.AUTH.revoke_tokens(user.id);
      const over: string = (await env.SERVICE.generate_token("ada@example.com", "…")).user.id;
      void [renewed.expires_in.toFixed(), name, over];
      return checks.every(Boolean)
        ? await env.SERVICE.fetch(request)
        : new Response(null, { status: 403 });
    } catch (thrown) {
      const error = thrown as AuthError;
      if (error.code === "rate_limited")
        return new Response(null, {
          status: 429,
          headers: { "Retry-After": `${error.retryAfter}` },
        });
      return new Response(error.errors?.[0]?.reason ?? error.message, {
        status: error.status ?? 500,
      });
    }
  },
} satisfies ExportedHandler<Env>;

export async function wrong(auth: AuthService): Promise<void> {
  // @ts-expect-error: the password is missing
  await auth.generate_token("ada@example.com");
  // @ts-expect-error: the network address must be a string
  await auth.generate_token("ada@example.com", "…", { ip: 1 });
  // @ts-expect-error: there is no such member; if it were ignored, no rate limit would apply
  await auth.generate_token("ada@example.com", "…", { userAgent: "…" });
  // @ts-expect-error: the roles must be a list
  await auth.is_authorized_by_role("…", "admin");
  // @ts-expect-error: a renewal does not return a user
  (await auth.renew_token("…")).user;
  // @ts-expect-error: there is no such method
  await auth.queue();
  // @ts-expect-error: the service has no such error code
  const code: AuthError["code"] = "signed_out";
  void code;
}
