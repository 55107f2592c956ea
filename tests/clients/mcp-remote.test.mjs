// Desktop programs reach MCP servers through the program `mcp-remote`. In this test, mcp-remote
// calls examples/mcp-server. It finds the service, signs the user in and calls a tool. Later it
// calls the tool again without the user.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { node } from "../../scripts/project/tools.mjs";
import { packages } from "../../scripts/setup/clients.mjs";
import { setUp } from "../../scripts/setup/index.mjs";
import { freePort } from "../browser/edgegate.mjs";
import { startExample } from "../e2e/apps/apps.mjs";
import { locationOf, tabOf } from "../e2e/apps/tab.mjs";
import { ADA, clientOf, ROOT } from "../e2e/client.mjs";
import { startWorkers } from "../e2e/workers.mjs";
import { listenAt } from "./oidc/apps.mjs";

process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
const SCOPE = "notes.read";
const SIGN_IN = /http:\S+\/auth\/authorize\?\S+/;

let edge, resource, app;
const cleanUp = [];
before(async () => {
  await setUp([packages]);
  let worker;
  const listening = await listenAt(() => worker.fetch);
  cleanUp.push(() => listening.stop());
  const { workers, stop } = await startWorkers([{ vars: { ISSUER: listening.issuer } }]);
  cleanUp.push(stop);
  [worker] = workers;
  edge = { ...worker, origin: listening.issuer };
  const port = await freePort();
  resource = `http://127.0.0.1:${port}/mcp`;
  const wrangler = ["node_modules/wrangler/bin/wrangler.js", "dev", "--port", `${port}`];
  const vars = ["--var", `ISSUER:${edge.origin}`, "--var", `RESOURCE:${resource}`];
  const t = { after: (work) => cleanUp.push(work) };
  const server = await startExample(t, "mcp-server", [...wrangler, ...vars], {});
  await server.line(/Ready on http/);
  const { access_token: token } = await clientOf(edge).logIn(ROOT);
  const made = await clientOf(edge).post("/auth/clients", {
    token,
    json: {
      ...{ name: "mcp-remote", type: "public", resources: [resource], scopes: [SCOPE] },
      redirect_uris: ["http://localhost/oauth/callback"],
    },
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  app = made.body;
});
after(async () => {
  for (const work of cleanUp.reverse()) await work();
});

/**
 * Creates a folder in which mcp-remote stores its tokens. The folder is also used as PATH, so
 * mcp-remote finds no browser to open.
 */
function home(t) {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-mcp-remote-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "client.json"), JSON.stringify({ client_id: app.client_id }));
  return folder;
}

/** Starts mcp-remote as a desktop program does. The test and mcp-remote exchange lines of JSON. */
function start(t, folder) {
  const client = `@${join(folder, "client.json")}`;
  const program = inRoot("tests/clients/node_modules/mcp-remote/dist/proxy.js");
  const child = spawn(node(), [program, resource, "--static-oauth-client-info", client], {
    env: { PATH: folder, HOME: folder, MCP_REMOTE_CONFIG_DIR: folder },
    stdio: ["pipe", "pipe", "pipe"],
  });
  t.after(() => child.kill());
  let said = "";
  const ended = once(child, "exit");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const send = (message) =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  return {
    said: () => said,
    /** Waits for a line of the error output that matches `pattern`. */
    async line(pattern) {
      for (;;) {
        const found = pattern.exec(said);
        if (found) return found[0];
        if (child.exitCode !== null) throw new Error(`mcp-remote has ended:\n${said}`);
        await Promise.race([once(child.stderr, "data"), ended]);
      }
    },
    /** Calls the tool `whoami` and returns its answer. */
    async whoami() {
      const params = {
        protocolVersion: "2025-06-18",
        capabilities: {},
        clientInfo: { name: "test", version: "1.0.0" },
      };
      send({ id: 1, method: "initialize", params });
      const first = JSON.parse((await answers.next()).value ?? assert.fail(said));
      assert.equal(first.id, 1, JSON.stringify(first));
      send({ method: "notifications/initialized" });
      send({ id: 2, method: "tools/call", params: { name: "whoami", arguments: {} } });
      const { result } = JSON.parse((await answers.next()).value ?? assert.fail(said));
      return JSON.parse(result.content[0].text);
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
}

test("mcp-remote signs a person in once", { timeout: 300_000 }, async (t) => {
  const folder = home(t);
  const first = start(t, folder);
  const asked = first.whoami();
  const url = new URL(await first.line(SIGN_IN));
  assert.equal(url.origin, edge.origin);
  assert.equal(url.searchParams.get("resource"), resource);
  assert.equal(url.searchParams.get("code_challenge_method"), "S256");

  const tab = tabOf(edge);
  const ada = await tab.logIn(ADA);
  const page = locationOf(await tab.navigate(url.pathname + url.search));
  const [, sealed] = /\/consent#request=(egq_[\w-]+)$/.exec(page) ?? assert.fail(page);
  const { redirect } = (await tab.decide(sealed, ada)).body;
  assert.ok(redirect.startsWith("http://localhost:"), redirect);
  assert.equal((await fetch(redirect)).status, 200);
  const { user, app: client } = await asked;
  assert.deepEqual([user, client], [ada.id, app.client_id], first.said());
  await first.stop();

  const second = start(t, folder);
  assert.equal((await second.whoami()).user, ada.id);
  assert.doesNotMatch(second.said(), SIGN_IN);
  await second.stop();
});
