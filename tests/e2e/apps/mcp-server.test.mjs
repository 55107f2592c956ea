// Tests examples/mcp-server in workerd. The MCP SDK is the client. The client sends a request to
// the server, and the server's 401 tells the client which service issues tokens. The user signs in
// at this service in the browser. Then the client gets a token for the server and calls a tool.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "../../browser/browser.mjs";
import { freePort, startEdgegate } from "../../browser/edgegate.mjs";
import { ADA, PASSWORD } from "../client.mjs";
import { register, SPA, signInAtTheService, startExample } from "./apps.mjs";

process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
const SCOPE = "notes.read";

describe("an MCP server", { timeout: 600_000 }, () => {
  let edgegate, browser, resource, app;
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
    resource = `http://127.0.0.1:${port}/mcp`;
    const wrangler = ["node_modules/wrangler/bin/wrangler.js", "dev", "--port", `${port}`];
    const vars = ["--var", `ISSUER:${edgegate.origin}`, "--var", `RESOURCE:${resource}`];
    const t = { after: (work) => cleanUp.push(work) };
    const server = await startExample(t, "mcp-server", [...wrangler, ...vars], {});
    await server.line(/Ready on http/);
    app = await register(edgegate, {
      ...{ name: "Editor", type: "public", redirect_uris: ["http://127.0.0.1/callback"] },
      ...{ resources: [resource], scopes: [SCOPE] },
    });
  });
  after(async () => {
    for (const work of cleanUp.reverse()) await work();
  });

  test("a registered client finds the service, signs in and calls a tool", async (t) => {
    const env = { SERVER: resource, CLIENT_ID: app.client_id, BROWSER: "true" };
    const program = await startExample(t, "mcp-server", "client.js", env);
    const address = new URL(await program.line(/http:\S+\/auth\/authorize\S+/));
    assert.equal(address.origin, edgegate.origin);
    const asked = Object.fromEntries(address.searchParams);
    assert.equal(asked.resource, resource);
    assert.equal(asked.code_challenge_method, "S256");
    assert.ok(asked.scope.split(" ").includes(SCOPE), asked.scope);
    const page = await browser.newPage();
    await page.goto(address.href);
    await signInAtTheService(page, ADA, PASSWORD);
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    await page.getByText("You can close this page").waitFor();
    const [code] = program.child.exitCode === null ? await once(program.child, "exit") : [0];
    assert.equal(code, 0, program.text());
    assert.match(program.text(), /Tools: whoami\n/);
    const { user, app: client } = JSON.parse(/^\{.*\}$/m.exec(program.text())?.[0] ?? "{}");
    assert.equal(client, app.client_id);
    assert.match(user, /^[0-9a-f-]{36}$/);
  });

  test("it says where tokens are, and takes none that is for anything else", async () => {
    const post = (headers = {}) => fetch(resource, { method: "POST", headers, body: "{}" });
    const nobody = await post();
    assert.equal(nobody.status, 401);
    const challenge = nobody.headers.get("www-authenticate") ?? "";
    const [, url] = /resource_metadata="([^"]+)"/.exec(challenge) ?? assert.fail(challenge);
    assert.deepEqual(await (await fetch(url)).json(), {
      resource,
      authorization_servers: [edgegate.origin],
      scopes_supported: [SCOPE],
      bearer_methods_supported: ["header"],
      resource_name: "Notes",
    });
    const login = await edgegate.post("/auth/login", { email: ADA, password: PASSWORD });
    const { access_token } = await login.json();
    const refused = await post({ Authorization: `Bearer ${access_token}` });
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get("www-authenticate") ?? "", /aud_wrong/);
  });

  test("a client that may not ask for this server gets no code", async (t) => {
    const env = { SERVER: resource, CLIENT_ID: SPA, BROWSER: "true" };
    const program = await startExample(t, "mcp-server", "client.js", env);
    const page = await browser.newPage();
    await page.goto(await program.line(/http:\S+\/auth\/authorize\S+/));
    await page.getByText("You can close this page").waitFor();
    const [code] = program.child.exitCode === null ? await once(program.child, "exit") : [1];
    assert.equal(code, 1);
    assert.match(program.text(), /no code: invalid_target/);
  });
});
