// A subject of the bench: a Worker that answers GET /auth/authorized?role=… with jose, used as its
// documentation shows. The keys are imported once, and jose checks the algorithm, the issuer, the
// audience and the type. The Worker checks only the token and does not look up the session.
// If the setting HEADERS is present, each answer to a valid token has the headers in that setting
// and a new id, like edgegate's answers. As in edgegate, the headers are made once and then copied.
import { importJWK, jwtVerify } from "jose";

let keys;
/** @type {Headers | undefined} */
let headers;

export default {
  async fetch(request, { ISSUER, AUDIENCE, KEYS, HEADERS }) {
    keys ??= importAll(JSON.parse(KEYS));
    if (HEADERS) {
      headers ??= new Headers(HEADERS);
      headers.set("X-Request-Id", crypto.randomUUID());
    }
    const { searchParams } = new URL(request.url);
    const wanted = searchParams.getAll("role");
    const token = request.headers.get("Authorization")?.replace(/^Bearer /i, "");
    if (!token) return new Response(null, { status: 401 });
    try {
      const { algorithms, byKid } = await keys;
      const verify = () =>
        jwtVerify(token, (header) => byKid.get(header.kid), {
          algorithms,
          issuer: ISSUER,
          audience: AUDIENCE,
          typ: "at+jwt",
        });
      // `more` says how many additional times the token is verified. With many times, the cost of
      // HTTP is negligible.
      for (let more = Number(searchParams.get("more")); more > 0; more--) await verify();
      const { payload } = await verify();
      const authorized = payload.roles.some((role) => wanted.includes(role));
      return Response.json({ authorized }, { status: authorized ? 200 : 403, headers });
    } catch {
      return new Response(null, { status: 401 });
    }
  },
};

async function importAll(jwks) {
  const imported = jwks.map(async (jwk) => [jwk.kid, await importJWK(jwk, jwk.alg)]);
  return { algorithms: jwks.map(({ alg }) => alg), byKid: new Map(await Promise.all(imported)) };
}
