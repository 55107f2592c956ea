// Uses oidc-client-ts, a library for web pages. While the user is at the service, the library keeps
// data in a storage that the page provides. It needs this data when the user comes back.
/** @type {import("./apps.mjs").SignIn} */
export async function signIn(app) {
  const { InMemoryWebStorage, OidcClient, WebStorageStateStore } = await app.load("oidc-client-ts");
  const client = new OidcClient({
    authority: app.issuer,
    client_id: app.id,
    client_secret: app.secret,
    client_authentication: app.method === "none" ? undefined : app.method,
    redirect_uri: app.callback,
    post_logout_redirect_uri: app.bye,
    scope: app.scope,
    loadUserInfo: true,
    filterProtocolClaims: false,
    stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  });
  const { url } = await client.createSigninRequest({ nonce: crypto.randomUUID(), state: {} });
  const tokens = await client.processSigninResponse(await app.browse(url));
  const renewed = await client.useRefreshToken({
    state: {
      refresh_token: tokens.refresh_token,
      id_token: tokens.id_token,
      profile: tokens.profile,
      session_state: null,
      scope: tokens.scope,
    },
  });
  const logout = await client.createSignoutRequest({
    id_token_hint: tokens.id_token,
    state: {},
  });
  await client.revokeToken(renewed.refresh_token, "refresh_token");
  return {
    sub: tokens.profile.sub,
    email: tokens.profile.email,
    userinfo: tokens.profile.email,
    renewal: renewed.profile?.sub,
    revocation: renewed.refresh_token,
    logout: logout.url,
  };
}
