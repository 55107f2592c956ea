// Tests examples/oauth-provider in workerd: an OAuth provider made with Cloudflare's library
// workers-oauth-provider. The provider's users sign in at edgegate, where the provider is
// registered as the demo app `demo-web`.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as oauth from "oauth4webapi";
import { startBrowser } from "../../browser/browser.mjs";
import { freePort, startEdgegate } from "../../browser/edgegate.mjs";
import { ADA, claimsOf, PASSWORD } from "../client.mjs";
import { signInAtTheService, startExample } from "./apps.mjs";

process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
const CALLBACK = "http://localhost/app";
const OPTIONS = { [oauth.allowInsecureRequests]: true };

describe("an authorization server with edgegate as its login", { timeout: 600_000 }, () => {
  let edgegate, browser, issuer, server, client;
  const cleanUp = [];
  before(async () => {
    [edgegate, browser] = await Promise.all([
      startEdgegate({ vars: { LIMITS: "off" } }),
      startBrowser(),
    ]);
    cleanUp.push(
      () => edgegate.stop(),
      () => browser.close(),
    );
    const port = await freePort();
    issuer = new URL(`http://localhost:${port}`);
    const wrangler = ["node_modules/wrangler/bin/wrangler.js", "dev", "--port", `${port}`];
    const vars = ["--var", `ISSUER:${edgegate.origin}`, "--var", `ORIGIN:${issuer.origin}`];
    const t = { after: (work) => cleanUp.push(work) };
    const worker = await startExample(t, "oauth-provider", [...wrangler, ...vars], {});
    await worker.line(/Ready on http/);
    const discovered = await oauth.discoveryRequest(issuer, { ...OPTIONS, algorithm: "oauth2" });
    server = await oauth.processDiscoveryResponse(issuer, discovered);
    const metadata = {
      ...{ client_name: "<b>Notes</b>", redirect_uris: [CALLBACK] },
      ...{ token_endpoint_auth_method: "none" },
    };
    client = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(server, metadata, OPTIONS),
    );
  });
  after(async () => {
    for (const work of cleanUp.reverse()) await work();
  });

  /** Opens the consent page of the provider in a new browser profile. */
  async function open(t) {
    const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
    const url = new URL(server.authorization_endpoint);
    url.search = String(
      new URLSearchParams({
        ...{ client_id: client.client_id, redirect_uri: CALLBACK, response_type: "code", state },
        ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier) },
        ...{ code_challenge_method: "S256", scope: "notes.read" },
        resource: `${issuer.origin}/api`,
      }),
    );
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    // Wait only for the request to the callback, because no server listens there.
    const back = page.waitForRequest((request) => request.url().startsWith(CALLBACK));
    await page.goto(url.href);
    await page.getByRole("heading", { name: "Allow <b>Notes</b> to read your notes?" }).waitFor();
    const answer = async () =>
      oauth.validateAuthResponse(server, client, new URL((await back).url()), state);
    return { page, verifier, answer };
  }
  const allow = (page) => page.getByRole("button", { name: "Allow", exact: true });

  test("somebody signs in at edgegate, and the provider's token names them", async (t) => {
    const { page, verifier, answer } = await open(t);
    await allow(page).click();
    await page.waitForURL(`${edgegate.origin}/**`);
    await signInAtTheService(page, ADA, PASSWORD);
    await allow(page).click();
    const response = await oauth.authorizationCodeGrantRequest(
      ...[server, client, oauth.None(), await answer(), CALLBACK, verifier, OPTIONS],
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response);
    const api = (token) =>
      fetch(`${issuer.origin}/api`, { headers: { Authorization: `Bearer ${token}` } });
    const login = await edgegate.post("/auth/login", { email: ADA, password: PASSWORD });
    const { access_token } = await login.json();
    assert.deepEqual(await (await api(tokens.access_token)).json(), {
      user: claimsOf(access_token).sub,
      email: ADA,
    });
    assert.equal((await api(access_token)).status, 401, "edgegate's tokens are not the provider's");
  });

  test("whoever refuses at edgegate is not signed in at the provider", async (t) => {
    const { page, answer } = await open(t);
    await allow(page).click();
    await page.waitForURL(`${edgegate.origin}/**`);
    await signInAtTheService(page, "root@example.com", PASSWORD);
    await page.getByRole("button", { name: "Cancel" }).click();
    await assert.rejects(answer, { error: "access_denied" });
  });
});
