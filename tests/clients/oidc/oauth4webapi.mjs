// Uses oauth4webapi. The library verifies the signature of an id_token only if the app requests
// this.
/** @type {import("./apps.mjs").SignIn} */
export async function signIn(app) {
  const oauth = await app.load("oauth4webapi");
  const http = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(app.issuer);
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, http),
  );
  const client = { client_id: app.id, id_token_signed_response_alg: app.alg };
  const authentication = {
    none: () => oauth.None(),
    client_secret_basic: () => oauth.ClientSecretBasic(app.secret),
    client_secret_post: () => oauth.ClientSecretPost(app.secret),
  }[app.method]();

  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(as.authorization_endpoint);
  url.search = `${new URLSearchParams({
    response_type: "code",
    client_id: app.id,
    redirect_uri: app.callback,
    scope: app.scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  })}`;
  const back = new URL(await app.browse(url.href));
  const parameters = oauth.validateAuthResponse(as, client, back, state);
  const answer = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    authentication,
    parameters,
    app.callback,
    verifier,
    http,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(as, answer, http);
  const { sub, email } = oauth.getValidatedIdTokenClaims(tokens);
  const userinfo = await oauth.processUserInfoResponse(
    as,
    client,
    sub,
    await oauth.userInfoRequest(as, client, tokens.access_token, http),
  );
  const renewed = await oauth.processRefreshTokenResponse(
    as,
    client,
    await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, http),
  );
  const introspection = app.secret
    ? await oauth.processIntrospectionResponse(
        as,
        client,
        await oauth.introspectionRequest(as, client, authentication, renewed.access_token, http),
      )
    : undefined;
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, authentication, renewed.refresh_token, http),
  );
  return {
    sub,
    email,
    userinfo: userinfo.email,
    renewal: oauth.getValidatedIdTokenClaims(renewed).sub,
    introspection: introspection?.active,
    revocation: renewed.refresh_token,
  };
}
