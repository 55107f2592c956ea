// An API on a domain other than edgegate's. It accepts only access tokens that edgegate issued to
// apps for this API.
import { protect, resourceMetadata } from "edgegate";
import { Hono } from "hono";
import { cors } from "hono/cors";

/** @type {Hono<{ Bindings: { ISSUER: string, RESOURCE: string }, Variables: { claims: import("edgegate").Claims } }>} */
const app = new Hono();

// Pages of any origin may call this API. That is safe because the API uses no cookies: what an app
// may do depends only on the token in its request.
app.use(
  cors({ origin: "*", allowHeaders: ["Authorization"], exposeHeaders: ["WWW-Authenticate"] }),
);

// Tells clients from which service they get tokens for this API (RFC 9728).
app.get("/.well-known/oauth-protected-resource", ({ env }) =>
  resourceMetadata({ issuer: env.ISSUER, resource: env.RESOURCE, name: "Orders" }),
);

/**
 * Accepts a request only if its token is for this API and has these scopes.
 *
 * @param {string[]} scope
 * @returns {import("hono").MiddlewareHandler}
 */
const guard =
  (...scope) =>
  async (c, next) => {
    const { ISSUER: issuer, RESOURCE: resource } = c.env;
    const { claims, response } = await protect(c.req.raw, {
      ...{ issuer, resource, scope, metadata: true },
    });
    if (response) return response;
    c.set("claims", claims);
    await next();
  };

app.get("/", (c) => c.text("Anybody may read this."));
app.get("/orders", guard(), (c) =>
  c.json({ of: c.get("claims").sub, app: c.get("claims").client_id, orders: [] }),
);
app.delete("/orders/:id", guard("orders.write"), (c) => c.body(null, 204));

export default app;
