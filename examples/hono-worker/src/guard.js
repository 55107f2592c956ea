// Middleware that decides which requests are allowed. It checks access tokens itself, without
// asking edgegate. So it accepts a token until the token expires, which can be up to ten minutes
// after the end of its session. If that is too long, ask edgegate about each token: `GET
// /auth/authorized`, or `is_authorized_by_role` of the binding.
/** @import { Context, MiddlewareHandler } from "hono" */
import { Verifier } from "edgegate";

/**
 * Accepts a request only if its access token is valid. With `role`, the user of the token must have
 * that role. With `owner`, the user's id must be the id that `owner` returns.
 *
 * @param {{ role?: string, owner?: (c: Context) => string }} [options]
 * @returns {MiddlewareHandler}
 */
export function guard({ role, owner } = {}) {
  return async (c, next) => {
    // The scheme may be in upper or lower case, and one or more spaces follow (RFC 9110 section
    // 11.4).
    const [, token] = /^Bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "") ?? [];
    if (!token) return refuse(c, 401, "invalid_token");
    const verifier = verifierOf(c.env);
    let claims;
    try {
      claims = await verifier.verify(token);
    } catch (error) {
      // Any other code means that the token could not be checked, because edgegate's public keys
      // could not be fetched. The client can try again.
      if (error.code !== "invalid_token")
        return c.json({ code: "unavailable" }, 503, { "Retry-After": "2" });
      return refuse(c, 401, error.code);
    }
    c.set("claims", claims);
    const allowed =
      (!role || verifier.hasRole(claims, [role])) &&
      (!owner || verifier.hasUserId(claims, owner(c)));
    return allowed ? next() : refuse(c, 403, "forbidden");
  };
}

let verifier;

// All requests to this isolate share one verifier. The verifier fetches edgegate's public keys when
// it first needs them.
function verifierOf({ ISSUER, AUDIENCE, AUTH }) {
  const asked = AUTH && { fetch: (...request) => AUTH.fetch(...request) };
  verifier ??= Verifier.fromIssuer(ISSUER, { audience: AUDIENCE, ...asked });
  return verifier;
}

function refuse(c, status, code) {
  return c.json(
    { code },
    status,
    status === 401 ? { "WWW-Authenticate": 'Bearer error="invalid_token"' } : {},
  );
}
