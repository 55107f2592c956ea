// A subject of the bench: a Worker that answers GET /auth/authorized?role=… with Hono's own
// middleware for JWTs. The tokens are signed with a shared secret.
import { Hono } from "hono";
import { jwt } from "hono/jwt";

/** @typedef {{ KEY: string, ISSUER: string, AUDIENCE: string }} Bindings */
/** @type {Hono<{ Bindings: Bindings, Variables: { jwtPayload: { roles: string[] } } }>} */
const app = new Hono();
let guard;
app.use("/auth/*", (c, next) => {
  guard ??= jwt({
    secret: JSON.parse(c.env.KEY),
    alg: "HS256",
    verification: { iss: c.env.ISSUER, aud: c.env.AUDIENCE },
  });
  return guard(c, next);
});
app.get("/auth/authorized", (c) => {
  const wanted = c.req.queries("role") ?? [];
  const authorized = c.get("jwtPayload").roles.some((role) => wanted.includes(role));
  return c.json({ authorized }, authorized ? 200 : 403);
});

export default app;
