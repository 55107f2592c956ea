// Tests examples/hono-api in workerd: this API accepts the access tokens that were issued to apps
// for this API, and rejects all other tokens.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as oauth from "oauth4webapi";
import { startBrowser } from "../../browser/browser.mjs";
import { startEdgegate } from "../../browser/edgegate.mjs";
import { installExample } from "../../examples/example.mjs";
import { ADA, PASSWORD } from "../client.mjs";
import { API, SPA, signInAtTheService } from "./apps.mjs";

process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
const CALLBACK = "http://localhost/callback";

describe("an API for apps", () => {
  let edgegate, browser, worker;
  const cleanUp = [];
  before(
    async () => {
      [edgegate, browser] = await Promise.all([
        startEdgegate({ vars: { LIMITS: "off" } }),
        startBrowser(),
      ]);
      cleanUp.push(
        () => edgegate.stop(),
        () => browser.close(),
      );
      const folder = await installExample({ after: (work) => cleanUp.push(work) }, "hono-api");
      const { createTestHarness } = await import("wrangler");
      worker = createTestHarness({
        root: folder,
        workers: [
          {
            configPath: `${folder}/wrangler.toml`,
            vars: { ISSUER: edgegate.origin, RESOURCE: API },
          },
        ],
      });
      cleanUp.push(() => worker.close());
      await worker.listen();
    },
    { timeout: 600_000 },
  );
  after(async () => {
    for (const work of cleanUp.reverse()) await work();
  });

  /** Gets an access token for a resource, as the demo app does. */
  async function tokenFor(resource) {
    const options = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(edgegate.origin);
    const discovered = await oauth.discoveryRequest(issuer, options);
    const server = await oauth.processDiscoveryResponse(issuer, discovered);
    const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
    const url = new URL(server.authorization_endpoint ?? "");
    url.search = String(
      new URLSearchParams({
        ...{ client_id: SPA, redirect_uri: CALLBACK, response_type: "code", state },
        ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier) },
        ...{ code_challenge_method: "S256", scope: "openid", ...(resource && { resource }) },
      }),
    );
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route(`${CALLBACK}**`, (route) => route.fulfill({ body: "back" }));
    await page.goto(url.href);
    await signInAtTheService(page, ADA, PASSWORD);
    await page.waitForURL(`${CALLBACK}**`);
    const client = { client_id: SPA };
    const answer = oauth.validateAuthResponse(server, client, new URL(page.url()), state);
    await context.close();
    const response = await oauth.authorizationCodeGrantRequest(
      ...[server, client, oauth.None(), answer, CALLBACK, verifier, options],
    );
    return (await oauth.processAuthorizationCodeResponse(server, client, response)).access_token;
  }

  const ask = async (path, token, method = "GET") => {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const url = new URL(path, "http://example.com");
    const answer = await worker.fetch(url, { method, headers });
    const challenge = answer.headers.get("www-authenticate");
    return { status: answer.status, challenge, text: await answer.text() };
  };

  test("a token for this API opens it, and one for anything else does not", async () => {
    const token = await tokenFor(API);
    const orders = await ask("/orders", token);
    assert.equal(orders.status, 200, orders.challenge ?? "");
    assert.equal(JSON.parse(orders.text).app, SPA);
    const removed = await ask("/orders/1", token, "DELETE");
    assert.equal(removed.status, 403);
    assert.match(removed.challenge ?? "", /error="insufficient_scope", scope="orders\.write"/);

    const login = await edgegate.post("/auth/login", { email: ADA, password: PASSWORD });
    const own = (await login.json()).access_token;
    for (const other of [own, await tokenFor(undefined)]) {
      const refused = await ask("/orders", other);
      assert.equal(refused.status, 401);
      assert.match(refused.challenge ?? "", /error="invalid_token", error_description="aud_wrong"/);
    }
    // The routes of the service with which users manage their own account reject an app's token.
    const headers = { Authorization: `Bearer ${token}` };
    const account = await fetch(`${edgegate.origin}/auth/me`, { headers });
    assert.equal(account.status, 401);
  });

  test("whoever has no token learns where to get one", async () => {
    const { status, challenge } = await ask("/orders");
    assert.equal(status, 401);
    assert.equal(
      challenge,
      `Bearer resource_metadata="${API}/.well-known/oauth-protected-resource"`,
    );
    const metadata = await ask("/.well-known/oauth-protected-resource");
    assert.deepEqual(JSON.parse(metadata.text), {
      resource: API,
      authorization_servers: [edgegate.origin],
      bearer_methods_supported: ["header"],
      resource_name: "Orders",
    });
  });
});
