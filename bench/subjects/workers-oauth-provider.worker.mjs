// A subject of the bench: Cloudflare's workers-oauth-provider on KV, set up as its documentation
// says. This Worker is both the authorization server and the resource server. The library does not
// sign users in (applications must do that themselves), so there is no password here. Its access
// tokens are random texts, and each check looks up the token in KV.
import { OAuthProvider } from "@cloudflare/workers-oauth-provider";

const REDIRECT = "https://client.example/callback";

const api = {
  fetch(_request, _env, { props }) {
    const authorized = props.roles.includes("user");
    return Response.json({ authorized }, { status: authorized ? 200 : 403 });
  },
};

const pages = {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/bench/client") {
      const { clientId } = await env.OAUTH_PROVIDER.createClient({
        redirectUris: [REDIRECT],
        tokenEndpointAuthMethod: "none",
      });
      return Response.json({ clientId });
    }
    if (pathname === "/authorize") {
      const asked = await env.OAUTH_PROVIDER.parseAuthRequest(request);
      const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({
        request: asked,
        userId: crypto.randomUUID(),
        metadata: {},
        scope: asked.scope,
        props: { roles: ["user"] },
      });
      return Response.json({ redirectTo });
    }
    return new Response(null, { status: 404 });
  },
};

let provider;

export default {
  fetch(request, env, context) {
    const { origin } = new URL(request.url);
    provider ??= new OAuthProvider({
      apiRoute: "/api",
      apiHandler: api,
      defaultHandler: pages,
      authorizeEndpoint: `${origin}/authorize`,
      tokenEndpoint: `${origin}/token`,
      scopesSupported: ["profile", "offline_access"],
      resourceMetadata: { resource: `${origin}/api`, authorization_servers: [origin] },
    });
    return provider.fetch(request, env, context);
  },
};
