// Uses openid-client 5, an old version that many servers still use. The library expects RS256
// unless the app configures another algorithm.
/** @type {import("./apps.mjs").SignIn} */
export async function signIn(app) {
  const { Issuer, generators } = (await app.load("openid-client-5")).default;
  const issuer = await Issuer.discover(app.issuer);
  const client = new issuer.Client({
    client_id: app.id,
    client_secret: app.secret,
    redirect_uris: [app.callback],
    post_logout_redirect_uris: [app.bye],
    response_types: ["code"],
    token_endpoint_auth_method: app.method,
    ...(app.alg && { id_token_signed_response_alg: app.alg }),
  });
  const code_verifier = generators.codeVerifier();
  const [state, nonce] = [generators.state(), generators.nonce()];
  const url = client.authorizationUrl({
    scope: app.scope,
    state,
    nonce,
    code_challenge: generators.codeChallenge(code_verifier),
    code_challenge_method: "S256",
  });
  const parameters = client.callbackParams(await app.browse(url));
  const tokens = await client.callback(app.callback, parameters, { code_verifier, state, nonce });
  const { sub, email } = tokens.claims();
  const userinfo = await client.userinfo(tokens);
  const renewed = await client.refresh(tokens);
  const introspection = app.secret
    ? (await client.introspect(renewed.access_token)).active
    : undefined;
  const logout = client.endSessionUrl({ id_token_hint: tokens.id_token, state: "bye" });
  await client.revoke(renewed.refresh_token);
  return {
    sub,
    email,
    userinfo: userinfo.email,
    renewal: renewed.claims().sub,
    introspection,
    revocation: renewed.refresh_token,
    logout,
  };
}
