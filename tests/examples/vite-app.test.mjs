// Tests a production build of examples/vite-app in Chromium. The origin of the app differs from the
// origin of the service, but both belong to the same site.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { test } from "node:test";
import { run } from "../../scripts/project/run.mjs";
import { node } from "../../scripts/project/tools.mjs";
import { openPage, startBrowser } from "../browser/browser.mjs";
import { startEdgegate } from "../browser/edgegate.mjs";
import { PASSWORD } from "../e2e/client.mjs";
import { installExample } from "./example.mjs";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
// A Content-Security-Policy that allows only the page's own scripts, wasm, and requests to the
// page's origin and to the service.
const policy = (edgegate) =>
  `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${edgegate}`;

test("sign in, reload, check a role, sign out", async (t) => {
  const pages = await serve(t);
  const { origin } = pages;
  const edgegate = await startEdgegate({ vars: { LIMITS: "off", ALLOWED_ORIGINS: origin } });
  t.after(() => edgegate.stop());
  const folder = await installExample(t, "vite-app");
  const { code } = await run(
    node(),
    ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"],
    { cwd: folder, env: { VITE_EDGEGATE: edgegate.origin } },
  );
  assert.equal(code, 0);
  Object.assign(pages, { folder: join(folder, "dist"), policy: policy(edgegate.origin) });
  const browser = await startBrowser();
  t.after(() => browser.close());

  const page = await openPage(t, browser, origin, {}, [edgegate.origin]);
  await page.goto("/");
  const signIn = async (email) => {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await signIn("ada@example.com");
  await page.getByText("Signed in as ada@example.com").waitFor();
  assert.equal(await page.getByText("You are an administrator").isVisible(), false);

  await page.reload();
  await page.getByText("Signed in as ada@example.com").waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Email").waitFor();
  await page.reload();
  await signIn("root@example.com");
  await page.getByText("You are an administrator").waitFor();
});

/**
 * Starts a file server. The test sets the folder and the policy of the pages later. They depend on
 * the service, and the service can only be started when the origin of this server is known.
 */
async function serve(t) {
  const pages = {};
  const server = createServer(async (request, response) => {
    const path =
      request.url === "/" ? "/index.html" : new URL(request.url ?? "/", pages.origin).pathname;
    const file = await readFile(join(pages.folder, path)).catch(() => null);
    response.writeHead(file ? 200 : 404, {
      "Content-Type": TYPES[extname(path)] ?? "text/plain",
      "Content-Security-Policy": pages.policy,
    });
    response.end(file);
  });
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  );
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return Object.assign(pages, { origin: `http://127.0.0.1:${port}` });
}
