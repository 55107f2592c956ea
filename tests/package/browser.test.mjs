// Tests the package in Chromium: when it is imported without a bundler under a strict
// Content-Security-Policy, in Vite's production build, in Vite's development server, and when its
// wasm can't be loaded.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { build, createServer } from "vite";
import { openPage, startBrowser } from "../browser/browser.mjs";
import { makeProject } from "./package.mjs";
import { startSite } from "./site.mjs";
import { newKey, OPTIONS, setOf, USER } from "./tokens.mjs";

const WASM = "/edgegate/wasm/edgegate_bg.wasm";

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

/**
 * Returns the page's script. It sets `window.check` to a function with the checks that every build
 * must pass. `from` is the path from which the script imports the package, and `client` is the path
 * of the client alone.
 */
const checks = (from, client) => `
  import { AuthClient, EdgegateError, Verifier, load, peek } from ${JSON.stringify(from)};
  import { AuthClient as alone } from ${JSON.stringify(client)};
  window.edgegate = { AuthClient, EdgegateError, Verifier, load, peek, alone };
  window.check = async ({ jwks, token, forged, options, user }) => {
    const verifier = await Verifier.fromJwksUrl("/.well-known/jwks.json", options);
    return {
      same: alone === AuthClient,
      sub: (await verifier.verify(token)).sub,
      peeked: (await peek(token)).sub,
      forged: await verifier.verify(forged).catch((error) => [error instanceof EdgegateError, error.code, error.reason]),
      role: [await verifier.isAuthorizedByRole(token, ["user"]), await verifier.isAuthorizedByRole(token, ["admin"])],
      byId: await verifier.isAuthorizedByUserId(token, user),
      byEmail: await verifier.isAuthorizedByEmail(token, "ADA@example.com"),
      umlaut: await (await Verifier.fromJwks(jwks, options)).isAuthorizedByEmail(token, "ada@b\\u00fccher.example"),
    };
  };
  document.title = "ready";
`;

async function passes(page, key) {
  const token = key.token();
  const forged = newKey(key.kid, key.jwk.alg).token();
  const found = await page.evaluate((given) => window.check(given), {
    jwks: setOf(key),
    token,
    forged,
    options: OPTIONS,
    user: USER,
  });
  assert.deepEqual(found, {
    same: true,
    sub: USER,
    peeked: USER,
    forged: [true, "invalid_token", "signature_invalid"],
    role: [true, false],
    byId: true,
    byEmail: true,
    umlaut: false,
  });
}

const html = (script) => `<!doctype html><html lang="en"><title>loading</title>${script}</html>`;
const ready = (page) => page.waitForFunction(() => document.title === "ready");

/** Starts a site whose page imports the package's files without a bundler. */
async function plainSite(t, csp) {
  const project = await makeProject(t);
  const key = newKey("1", "ES256");
  const pages = {
    "/": html('<script type="module" src="/page.js"></script>'),
    "/page.js": checks("/edgegate/web.js", "/edgegate/client/index.js"),
    "/traps.mjs": readFileSync(new URL("traps.mjs", import.meta.url), "utf8"),
    "/.well-known/jwks.json": JSON.stringify(setOf(key)),
  };
  const site = await startSite(t, {
    pages,
    folders: { "/edgegate/": project.path("node_modules/edgegate") },
    ...(csp && { csp }),
  });
  return { site, key };
}

test('a plain <script type="module"> under a strict policy', async (t) => {
  const { site, key } = await plainSite(t);
  const page = await openPage(t, browser, site.origin);
  await page.goto("/");
  await ready(page);
  assert.ok(!site.asked.includes(WASM), "the wasm is not fetched before it is needed");
  await passes(page, key);
  assert.equal(site.asked.filter((path) => path === WASM).length, 1);
});

test("after a trap, at any crossing into the wasm or out of it, every next call works", async (t) => {
  const { site, key } = await plainSite(t);
  const page = await openPage(t, browser, site.origin);
  await page.goto("/");
  await ready(page);
  const found = await page.evaluate(
    async (given) => {
      const { UNREACHABLE, trapEverywhere, watchWasm } = await import("/traps.mjs");
      const watched = watchWasm(new WebAssembly.Module(UNREACHABLE));
      return trapEverywhere(window.edgegate, watched, given);
    },
    { jwks: setOf(key), token: key.token(), options: OPTIONS, user: USER },
  );
  assert.deepEqual([found.onDead, found.foreign, found.wrong], [0, 0, []]);
  for (const [name, times] of Object.entries(found.traps))
    assert.ok(times > 3, `${name}: ${times}`);
  assert.equal(found.instances, 1 + Object.values(found.traps).reduce((sum, times) => sum + times));
  assert.equal(site.asked.filter((path) => path === WASM).length, 1, "it is fetched once");
});

test("AuthClient alone needs no wasm and no permission for it", async (t) => {
  const { site } = await plainSite(t, "default-src 'none'; script-src 'self'; connect-src 'self'");
  const page = await openPage(t, browser, site.origin);
  await page.goto("/");
  await ready(page);
  assert.equal(await page.evaluate(() => new window.edgegate.AuthClient().status), "unknown");
  assert.ok(!site.asked.includes(WASM));
});

test("a production build of Vite", async (t) => {
  const project = await makeProject(t);
  const key = newKey("1");
  project.write("index.html", html('<script type="module" src="/main.js"></script>'));
  project.write("main.js", checks("edgegate", "edgegate/client"));
  await build({ root: project.folder, logLevel: "error" });
  const site = await startSite(t, {
    pages: { "/.well-known/jwks.json": JSON.stringify(setOf(key)) },
    folders: { "/": project.path("dist") },
  });
  const page = await openPage(t, browser, site.origin);
  await page.goto("/");
  await ready(page);
  await passes(page, key);
  assert.equal(
    site.asked.filter((path) => /^\/assets\/edgegate_bg-[\w-]+\.wasm$/.test(path)).length,
    1,
    site.asked.join(),
  );
});

test("Vite's development server, as the README configures it; and what is said without that", async (t) => {
  const key = newKey("1");
  const jwks = {
    name: "jwks",
    configureServer: ({ middlewares }) =>
      void middlewares.use("/.well-known/jwks.json", (_, response) =>
        response.end(JSON.stringify(setOf(key))),
      ),
  };
  for (const exclude of [["edgegate"], []]) {
    const project = await makeProject(t);
    project.write("index.html", html('<script type="module" src="/main.js"></script>'));
    project.write("main.js", checks("edgegate", "edgegate/client"));
    const server = await createServer({
      root: project.folder,
      logLevel: "error",
      plugins: [jwks],
      optimizeDeps: { exclude },
      server: { host: "127.0.0.1", port: 0, hmr: false, ws: false },
    });
    t.after(() => server.close());
    await server.listen();
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const address = /** @type {import("node:net").AddressInfo} */ (server.httpServer?.address());
    await page.goto(`http://127.0.0.1:${address.port}/`);
    await ready(page);
    const failed = await page.evaluate(() =>
      window.edgegate.load().then(
        () => null,
        (error) => error.message,
      ),
    );
    if (exclude.length > 0) assert.equal(failed, null);
    if (failed === null) await passes(page, key);
    else assert.match(failed, /optimizeDeps/);
  }
});

/**
 * Opens a page of a site on which something is broken. In this page, `load` tries to load the wasm
 * and returns the error.
 */
async function openWrong(t, site) {
  const context = await browser.newContext({ baseURL: site.origin });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto("/");
  await ready(page);
  const load = () =>
    page.evaluate(() =>
      window.edgegate.load().then(
        () => null,
        (error) => ({
          mine: error instanceof window.edgegate.EdgegateError,
          code: error.code,
          message: error.message,
        }),
      ),
    );
  const fails = async (message) => {
    const error = await load();
    assert.deepEqual([error?.mine, error?.code], [true, "wasm_unavailable"]);
    assert.match(error.message, message);
  };
  return { page, context, load, fails };
}

test("the wasm does not load: the error says why and how to fix it, and the next call tries again", async (t) => {
  const { site, key } = await plainSite(t);
  const { page, context, load, fails } = await openWrong(t, site);
  const answer = (status, type, body) => (_, response) =>
    response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" }).end(body);
  for (const [wrong, message] of [
    [
      answer(404, "text/plain", "no"),
      /answered http\S+edgegate_bg\.wasm with status 404: serve the package's folder/,
    ],
    [answer(500, "application/wasm", ""), /with status 500/],
    [
      answer(200, "text/html", "<!doctype html>"),
      /is not a wasm file: the server answered with an HTML page/,
    ],
    [answer(200, "application/wasm", ""), /is not a wasm file/],
    [
      answer(200, "application/wasm", Buffer.from("\0asm\x01\0\0\0\xff\xff", "latin1")),
      /is damaged/,
    ],
    [
      answer(200, "application/wasm", Buffer.from("\0asm\x01\0\0\0", "latin1")),
      /does not belong to this version/,
    ],
    [(request) => request.socket.destroy(), /could not be fetched: the network failed/],
  ]) {
    site.answers[WASM] = wrong;
    await fails(message);
  }
  const asked = site.asked.length;
  site.answers[WASM] = answer(404, "text/plain", "no");
  const both = await page.evaluate(async () =>
    (
      await Promise.allSettled([
        window.edgegate.load(),
        window.edgegate.peek("x"),
        window.edgegate.peek("y"),
      ])
    ).map(({ status }) => status),
  );
  assert.deepEqual(both, ["rejected", "rejected", "rejected"]);
  assert.equal(site.asked.length, asked + 1, "one load for all that wait");

  await context.setOffline(true);
  await fails(/the device is offline/);
  await context.setOffline(false);

  delete site.answers[WASM];
  assert.equal(await load(), null);
  await passes(page, key);
});

test("a wrong media type is forgiven", async (t) => {
  const { site, key } = await plainSite(t);
  for (const type of ["application/octet-stream", "text/plain", "text/html", ""]) {
    const { page, context } = await openWrong(t, site);
    await context.route(`**${WASM}`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { "content-type": type } });
    });
    await passes(page, key);
  }
});

test("a policy without 'wasm-unsafe-eval', or without connect-src: the directive is named", async (t) => {
  const { site } = await plainSite(t, "default-src 'none'; script-src 'self'; connect-src 'self'");
  await (await openWrong(t, site)).fails(/add 'wasm-unsafe-eval' to its script-src directive/);
  site.csp = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";
  await (await openWrong(t, site)).fails(/add 'self' to its connect-src directive/);
});

test("checks on a page whose wasm does not load are false, and nothing goes unhandled", async (t) => {
  const { site, key } = await plainSite(t);
  const page = await openPage(t, browser, site.origin);
  await page.goto("/");
  await ready(page);
  site.answers[WASM] = (_, response) => response.writeHead(404).end();
  const refused = await page.evaluate(
    (options) =>
      window.edgegate.Verifier.fromJwksUrl("/.well-known/jwks.json", options)
        .ready()
        .catch((error) => error.code),
    OPTIONS,
  );
  assert.equal(refused, "wasm_unavailable");
  delete site.answers[WASM];
  await passes(page, key);
});
