// An authorization server of your own, made with workers-oauth-provider, whose users sign in at
// edgegate. This server issues its own tokens. edgegate only tells it who the user is.
import {
  AuthorizationError,
  authorizationErrorRedirect,
  OAuthProvider,
} from "@cloudflare/workers-oauth-provider";
import * as edgegate from "./edgegate.js";

const SCOPES = ["notes.read"];

/**
 * The API. Only requests with a valid token reach it. `ctx.props` contains what `callback` has
 * stored about the user.
 */
const apiHandler = {
  fetch: (_request, _env, ctx) => Response.json(ctx.props),
};

const defaultHandler = {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const handle = { "/authorize": authorize, "/callback": callback }[pathname];
    try {
      return (await handle?.(request, env)) ?? new Response("not found", { status: 404 });
    } catch (error) {
      if (!(error instanceof AuthorizationError)) throw error;
      // `redirectTo` is set only if the redirect URI was found valid, so it is safe to redirect to
      // it.
      if (error.redirectTo) return Response.redirect(error.redirectTo, 302);
      return new Response(error.description, { status: 400 });
    }
  },
};

/** Asks the user for consent, then sends the browser to edgegate. */
async function authorize(request, env) {
  const oauth = env.OAUTH_PROVIDER;
  if (request.method !== "POST") {
    const asked = await oauth.parseAuthRequest(request);
    const details = await oauth.describeConsent(asked);
    const { handle, headers } = await oauth.beginConsent(asked);
    headers.set("Content-Type", "text/html; charset=utf-8");
    return new Response(consentPage(details, handle), { headers });
  }
  const form = await request.formData();
  const handle = String(form.get("handle"));
  if (form.get("decision") !== "allow") {
    const { headers } = await oauth.denyConsent(request, handle);
    return new Response(null, { status: 302, headers });
  }
  const approved = await oauth.approveConsent(request, handle);
  const secrets = edgegate.secrets();
  const { state, headers } = await oauth.beginUpstream(approved.request, {
    ...{ data: secrets, headers: approved.headers },
  });
  headers.set("Location", await edgegate.address(env, state, secrets));
  return new Response(null, { status: 302, headers });
}

/** Handles the answer of edgegate. */
async function callback(request, env) {
  const { request: asked, data, headers } = await env.OAUTH_PROVIDER.finishUpstream(request);
  const url = new URL(request.url);
  if (url.searchParams.has("error")) {
    headers.set("Location", authorizationErrorRedirect(asked, "access_denied"));
    return new Response(null, { status: 302, headers });
  }
  const { sub, email } = await edgegate.user(env, url, data);
  const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({
    ...{ request: asked, userId: sub, metadata: {}, scope: asked.scope },
    props: { user: sub, email },
  });
  headers.set("Location", redirectTo);
  return new Response(null, { status: 302, headers });
}

/**
 * Escapes a text for HTML. This is needed because anybody can register an app, with any text as its
 * name.
 */
const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const consentPage = ({ clientName, redirectHost, scope }, handle) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Allow access</title>
<h1>Allow ${escaped(clientName)} to read your notes?</h1>
<p>It gets: ${escaped(scope.join(", "))}. You go back to ${escaped(redirectHost)} afterwards.</p>
<form method="post">
  <input type="hidden" name="handle" value="${escaped(handle)}">
  <button name="decision" value="allow">Allow</button>
  <button name="decision" value="deny">Cancel</button>
</form>
</html>`;

/**
 * Made at the first request, because the provider needs the Worker's address, which is in `env`.
 */
let provider;
export default {
  fetch(request, env, ctx) {
    provider ??= new OAuthProvider({
      apiRoute: "/api",
      apiHandler,
      defaultHandler,
      authorizeEndpoint: "/authorize",
      tokenEndpoint: "/token",
      clientRegistrationEndpoint: "/register",
      scopesSupported: SCOPES,
      requiredScopes: SCOPES,
      resourceMetadata: { resource: `${env.ORIGIN}/api`, authorization_servers: [env.ORIGIN] },
    });
    return provider.fetch(request, env, ctx);
  },
};
