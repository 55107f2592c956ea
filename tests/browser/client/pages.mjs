// Opens pages with an AuthClient in a real browser. Some pages have the service's own origin, and
// others have another origin of the same site.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { inRoot } from "../../../scripts/project/root.mjs";

export const ADA = { email: "ada@example.com", password: "correct horse battery staple" };
export const ROOT = { ...ADA, email: "root@example.com" };

const PATH = "/client-test";
// The package promises to work with a strict Content-Security-Policy. The policy below is equally
// strict, and in addition it requires Trusted Types.
const policy = (connect) =>
  `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src ${connect}; img-src data:; ` +
  "require-trusted-types-for 'script'; trusted-types 'none'";
const html =
  '<!doctype html><title>AuthClient</title><link rel="icon" href="data:,"><script type="module" src="/client-test.js"></script>';
const script = (url) => `
  import { AuthClient } from "/edgegate/client/index.js";
  const client = new AuthClient(${url ? JSON.stringify({ url }) : ""});
  const events = [];
  for (const type of ["signed-in", "renewed", "signed-out"]) {
    client.addEventListener(type, ({ detail }) => events.push(detail.reason ? type + ": " + detail.reason : type));
  }
  Object.assign(globalThis, { client, events });
`;

/**
 * Opens a browser profile for pages of `origin`. The test can move the clock of the profile's tabs.
 * The service's clock does not move with it. `count` returns how many requests such as "POST
 * /auth/token" were sent to the service. At its end, the test fails if a page has reported an error
 * or violated its Content-Security-Policy.
 *
 * `url` is the service's origin, if it differs from `origin`. `without` names APIs that are removed
 * from the browser, such as `navigator.locks`. `complaints` matches the errors that the browser is
 * expected to report.
 *
 * @param {import("node:test").TestContext} t
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 * @param {{ url?: string, without?: string[], complaints?: RegExp }} [options]
 */
export async function openProfile(t, browser, origin, { url, without = [], complaints } = {}) {
  const context = await browser.newContext();
  context.setDefaultTimeout(60_000);
  await context.clock.install();
  const wrong = [];
  const asked = [];
  context.on("page", (page) => {
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("console", (message) => {
      // Chromium reports every failed request as an error. Ignore these error messages, because the
      // tests make requests fail on purpose.
      const isExpected = [/^Failed to load resource: /, complaints].some((one) =>
        one?.test(message.text()),
      );
      if (message.type() === "error" && !isExpected) wrong.push(message.text());
    });
  });
  context.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/auth/") && request.method() !== "OPTIONS")
      asked.push(`${request.method()} ${pathname}`);
  });
  for (const name of without) {
    const [of, member] = name.includes(".") ? name.split(".") : ["globalThis", name];
    await context.addInitScript(`Object.defineProperty(${of}, "${member}", { value: undefined })`);
  }
  // On the service's own origin, the test's page is served here. On another origin, `servePages`
  // serves it.
  if (!url) {
    const headers = { "Content-Security-Policy": policy("'self'") };
    await context.route(`${origin}${PATH}`, (route) =>
      route.fulfill({ headers, contentType: "text/html", body: html }),
    );
    await context.route(`${origin}${PATH}.js`, (route) =>
      route.fulfill({ contentType: "text/javascript", body: script() }),
    );
  }
  t.after(async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  });
  const count = (request) => asked.filter((it) => it === request).length;
  return { context, wrong, count, open: (at = origin) => openTab(context, `${at}${PATH}`) };
}

async function openTab(context, address) {
  const page = await context.newPage();
  await page.goto(address);
  const loaded = () => page.waitForFunction(() => globalThis.client !== undefined);
  await loaded();
  return {
    page,
    login: (credentials) => page.evaluate((given) => window.client.login(given), credentials),
    ready: () => page.evaluate("client.ready()"),
    logout: () => page.evaluate("client.logout()"),
    status: () => page.evaluate("client.status"),
    events: () => page.evaluate("events"),
    token: () => page.evaluate("client.accessToken()"),
    /** Waits until the page has received the event. */
    told: (event) => page.waitForFunction((it) => window.events.includes(it), event),
    /**
     * Requests this path with `client.fetch`. Returns the status of the answer, or the code of the
     * error.
     */
    fetch: (path) =>
      page.evaluate(
        (it) =>
          window.client.fetch(it).then(
            ({ status }) => status,
            ({ code }) => code,
          ),
        path,
      ),
    code: (call) => page.evaluate(`${call}.then(() => undefined, ({ code }) => code)`),
    reload: async () => {
      await page.reload();
      await loaded();
    },
  };
}

/** Serves the test's page and the package's files on `port`. Returns `{origin, stop}`. */
export async function servePages(port, url) {
  const files = { [PATH]: ["text/html", html], [`${PATH}.js`]: ["text/javascript", script(url)] };
  const server = createServer(async ({ url: path }, response) => {
    const [type, body] = files[path] ?? ["text/javascript", await file(path)];
    if (body === undefined) return response.writeHead(404).end();
    response
      .writeHead(200, { "Content-Type": type, "Content-Security-Policy": policy(`'self' ${url}`) })
      .end(body);
  });
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => server.listen(port, "127.0.0.1", resolve))
  );
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${port}`, stop };
}

async function file(path) {
  const name = path.match(/^\/edgegate\/((?:client\/)?[a-z]+\.js)$/)?.[1];
  return name && readFile(inRoot("npm/edgegate", name), "utf8");
}

/**
 * Makes the service reject the access tokens that Ada has so far. To do this, an administrator
 * changes Ada's roles: adds the role `editor`, or removes it if she already has it.
 */
export async function outdate(edgegate) {
  const { access_token } = await (await edgegate.post("/auth/login", ROOT)).json();
  const ask = (method, path, body) =>
    fetch(edgegate.origin + path, {
      method,
      headers: { Authorization: `Bearer ${access_token}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
  const [ada] = (await (await ask("GET", `/auth/users?email=${ADA.email}`)).json()).users;
  const roles = ada.roles.includes("editor") ? ["user"] : ["user", "editor"];
  const { status } = await ask("PATCH", `/auth/users/${ada.id}`, { roles });
  assert.equal(status, 200);
}
