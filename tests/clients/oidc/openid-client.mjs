// Uses openid-client 6 as its documentation shows. With `enableNonRepudiationChecks`, the library
// also verifies the signatures of id_tokens that come directly from the token endpoint.
/** @type {import("./apps.mjs").SignIn} */
export async function signIn(app) {
  const client = await app.load("openid-client");
  const authentication = {
    none: () => client.None(),
    client_secret_basic: () => client.ClientSecretBasic(app.secret),
    client_secret_post: () => client.ClientSecretPost(app.secret),
  };
  const config = await client.discovery(
    new URL(app.issuer),
    app.id,
    { id_token_signed_response_alg: app.alg },
    authentication[app.method](),
    { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
  );
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: app.callback,
    scope: app.scope,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  const tokens = await client.authorizationCodeGrant(config, new URL(await app.browse(url.href)), {
    pkceCodeVerifier,
    expectedState,
    expectedNonce,
    idTokenExpected: true,
  });
  const { sub, email } = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  const { active } = app.secret
    ? await client.tokenIntrospection(config, renewed.access_token)
    : { active: undefined };
  const logout = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: app.bye,
    state: "bye",
  });
  await client.tokenRevocation(config, renewed.refresh_token);
  return {
    sub,
    email,
    userinfo: userinfo.email,
    renewal: renewed.claims().sub,
    introspection: active,
    revocation: renewed.refresh_token,
    logout: logout.href,
  };
}
