// Signs users in at edgegate, with the OpenID Connect library oauth4webapi. Any other OpenID
// Connect library would also work.
import * as oauth from "oauth4webapi";

/** @typedef {{ ORIGIN: string, ISSUER: string, CLIENT_ID: string, CLIENT_SECRET: string }} Env */

/**
 * New secrets for one sign-in. The callback needs them again, so the OAuthProvider stores them in
 * KV, encrypted.
 */
export const secrets = () => ({
  verifier: oauth.generateRandomCodeVerifier(),
  nonce: oauth.generateRandomNonce(),
});

/** @param {Env} env */
const redirectUri = ({ ORIGIN }) => `${ORIGIN}/callback`;

/** @param {Env} env */
const optionsOf = ({ ISSUER }) => ({
  // Allows http instead of https. Use this only with a service on this machine.
  [oauth.allowInsecureRequests]: ISSUER.startsWith("http:"),
});

/** @param {Env} env */
async function discover(env) {
  const issuer = new URL(env.ISSUER);
  const answer = await oauth.discoveryRequest(issuer, optionsOf(env));
  return oauth.processDiscoveryResponse(issuer, answer);
}

/**
 * The address of edgegate's sign-in, to which the browser is sent.
 *
 * @param {Env} env
 * @param {string} state
 * @param {ReturnType<typeof secrets>} secrets
 */
export async function address(env, state, { verifier, nonce }) {
  const server = await discover(env);
  const url = new URL(server.authorization_endpoint ?? "");
  url.search = String(
    new URLSearchParams({
      client_id: env.CLIENT_ID,
      redirect_uri: redirectUri(env),
      response_type: "code",
      scope: "openid email",
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
    }),
  );
  return url.href;
}

/**
 * Reads edgegate's answer and returns the user who has signed in. The OAuthProvider has already
 * compared the state with the browser's cookie.
 *
 * @param {Env} env
 * @param {URL} url
 * @param {ReturnType<typeof secrets>} secrets
 */
export async function user(env, url, { verifier, nonce }) {
  const server = await discover(env);
  const client = { client_id: env.CLIENT_ID };
  const state = url.searchParams.get("state") ?? oauth.expectNoState;
  const answer = oauth.validateAuthResponse(server, client, url, state);
  const response = await oauth.authorizationCodeGrantRequest(
    ...[server, client, oauth.ClientSecretBasic(env.CLIENT_SECRET), answer],
    ...[redirectUri(env), verifier, optionsOf(env)],
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    ...{ expectedNonce: nonce, requireIdToken: true },
  });
  return oauth.getValidatedIdTokenClaims(tokens);
}
