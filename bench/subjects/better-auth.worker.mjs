// A subject of the bench: better-auth on D1, set up as its documentation says. It uses login by
// email and password, its own scrypt, and the plugins bearer and jwt. All requests of an isolate
// share one instance.
// better-auth has no renewal of tokens. The closest equivalent is the setting `updateAge` 0: each
// time a session is read, better-auth extends the session, although its token stays the same.
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { bearer, jwt } from "better-auth/plugins";
import { createLocalJWKSet, jwtVerify } from "jose";

let auth;
let jwks;

function options(env) {
  return {
    baseURL: env.ORIGIN,
    secret: env.SECRET,
    database: env.DB,
    emailAndPassword: {
      enabled: true,
      sendResetPassword: ({ user, url }) => send(env, user.email, url),
    },
    session: { updateAge: env.RENEWS ? 0 : 86_400 },
    plugins: [
      bearer(),
      jwt({ jwt: { definePayload: ({ user }) => ({ sub: user.id, roles: ["user"] }) } }),
    ],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  };
}

export default {
  async fetch(request, env) {
    auth ??= betterAuth(options(env));
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/bench/migrate") {
      const { runMigrations } = await getMigrations(options(env));
      await runMigrations();
      return new Response("done");
    }
    if (pathname === "/bench/by-jwt") return byJwt(request, searchParams, env);
    if (pathname === "/bench/by-session") {
      const session = await auth.api.getSession({ headers: request.headers });
      return Response.json({ authorized: session !== null }, { status: session ? 200 : 401 });
    }
    return auth.handler(request);
  },
};

/** Sends a mail with the same text as edgegate's, through the same kind of mail provider. */
async function send(env, to, url) {
  const worded = (text) => text.replace(/https:[^"<\s]*/g, url);
  const answer = await fetch(`${env.MAIL_API_URL}/emails`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer re_bench" },
    body: JSON.stringify({
      from: "Example <login@example.com>",
      to: [to],
      subject: "Reset your password",
      text: worded(env.LETTER.text),
      html: worded(env.LETTER.html),
    }),
  });
  if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
  await answer.json();
}

async function byJwt(request, searchParams, env) {
  jwks ??= auth.api.getJwks().then(createLocalJWKSet);
  const token = request.headers.get("Authorization")?.replace(/^Bearer /i, "");
  try {
    const { payload } = await jwtVerify(token, await jwks, {
      issuer: env.ORIGIN,
      audience: env.ORIGIN,
    });
    const wanted = searchParams.getAll("role");
    const authorized = payload.roles.some((role) => wanted.includes(role));
    return Response.json({ authorized }, { status: authorized ? 200 : 403 });
  } catch {
    return new Response(null, { status: 401 });
  }
}
