// A subject of the bench: OpenAuth on KV, set up as its documentation says. It uses its password
// provider with scrypt, signs tokens with ES256, and checks tokens with its own client. The client
// reads the keys by calling the Worker's own handler, so it needs no HTTP request for them.

import { issuer } from "@openauthjs/openauth";
import { createClient } from "@openauthjs/openauth/client";
import { PasswordProvider, ScryptHasher } from "@openauthjs/openauth/provider/password";
import { CloudflareStorage } from "@openauthjs/openauth/storage/cloudflare";
import { createSubjects } from "@openauthjs/openauth/subject";
import { array, object, string } from "valibot";

const subjects = createSubjects({ user: object({ email: string(), roles: array(string()) }) });
let server;
let client;

export default {
  async fetch(request, env, context) {
    const storage = CloudflareStorage({ namespace: env.KV });
    server ??= issuer({
      subjects,
      storage,
      // The default is 60, the smallest TTL that KV accepts. OpenAuth computes the TTL from two
      // readings of the clock. If the clock advances between the two, the TTL becomes 59, and KV
      // rejects it.
      ttl: { reuse: 90 },
      providers: {
        password: PasswordProvider({
          sendCode: async () => {},
          login: page,
          register: page,
          change: page,
        }),
      },
      success: (answer, { email }) => answer.subject("user", { email, roles: ["user"] }),
    });
    const { pathname, origin, searchParams } = new URL(request.url);
    if (pathname === "/bench/account") {
      const { email, password } = await request.json();
      await storage.set(["email", email, "password"], await ScryptHasher().hash(password));
      return new Response("done");
    }
    if (pathname === "/bench/check") {
      client ??= createClient({
        clientID: "bench",
        issuer: origin,
        fetch: (url, init) => server.fetch(new Request(url, init), env, context),
      });
      const token = request.headers.get("Authorization")?.replace(/^Bearer /i, "");
      const verified = await client.verify(subjects, token);
      if (verified.err) return new Response(null, { status: 401 });
      const wanted = searchParams.getAll("role");
      const authorized = verified.subject.properties.roles.some((role) => wanted.includes(role));
      return Response.json({ authorized }, { status: authorized ? 200 : 403 });
    }
    return server.fetch(request, env, context);
  },
};

async function page(_request, _form, error) {
  return new Response(error ? error.type : "sign in", { status: error ? 400 : 200 });
}
