// A program for the command line that signs in with the browser (RFC 8252): it opens edgegate's
// page in the browser, and the browser brings the answer to a local port on which this program
// listens.
//   ISSUER=http://127.0.0.1:8787 CLIENT_ID=demo-spa node cli.js
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import * as oauth from "oauth4webapi";

const { ISSUER = "http://127.0.0.1:8787", CLIENT_ID = "demo-spa", BROWSER } = process.env;
const issuer = new URL(ISSUER);
// Allows http instead of https. Use this only with a service on this machine.
const options = { [oauth.allowInsecureRequests]: issuer.protocol === "http:" };
const client = { client_id: CLIENT_ID };
const authentication = oauth.None();

const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, options),
);
const { redirectUri, answer, close } = await listen();

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const address = new URL(server.authorization_endpoint ?? "");
const parameters = {
  client_id: CLIENT_ID,
  redirect_uri: redirectUri,
  response_type: "code",
  // With offline_access, the refresh token stays valid after the session in the browser has ended.
  scope: "openid profile email offline_access",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
};
for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
console.log(`Open this address to sign in:\n${address}`);
openBrowser(address.href);

try {
  const checked = oauth.validateAuthResponse(server, client, await answer, state);
  const tokens = await oauth.processAuthorizationCodeResponse(
    server,
    client,
    await oauth.authorizationCodeGrantRequest(
      ...[server, client, authentication, checked, redirectUri, verifier, options],
    ),
    { expectedNonce: nonce, requireIdToken: true },
  );
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  console.log(`Signed in as ${claims?.email}`);
  // A real program would store the refresh token in the keychain of the operating system, and would
  // use it only when the access token expires.
  const renewed = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(
      ...[server, client, authentication, tokens.refresh_token ?? "", options],
    ),
  );
  console.log(`Renewed: the access token is valid for ${renewed.expires_in} s`);
  const last = renewed.refresh_token ?? tokens.refresh_token ?? "";
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, authentication, last, options),
  );
  console.log("Signed out");
} finally {
  close();
}

/**
 * Waits for the answer of the sign-in: the browser brings it to a port of this machine. The
 * operating system can choose any port, because edgegate accepts every port of a loopback address.
 */
async function listen() {
  let arrived = (_url) => {};
  const answer = new Promise((resolve) => {
    arrived = resolve;
  });
  const listener = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const isAnswer = url.pathname === "/callback";
    response.writeHead(isAnswer ? 200 : 404, { "Content-Type": "text/plain" });
    response.end(isAnswer ? "You can close this page and go back to the program." : "not found");
    if (isAnswer) arrived(url);
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (listener.address());
  const close = () => {
    listener.closeAllConnections();
    listener.close();
  };
  return { redirectUri: `http://127.0.0.1:${port}/callback`, answer, close };
}

/** Opens an address in the system's browser, or with the command in BROWSER. */
function openBrowser(href) {
  const commands = { darwin: "open", win32: "explorer", linux: "xdg-open" };
  const command = BROWSER ?? commands[process.platform];
  if (!command) return;
  const child = spawn(command, [href], { stdio: "ignore", detached: true });
  // If there is no browser, the person opens the address by hand.
  child.on("error", () => {});
  child.unref();
}
