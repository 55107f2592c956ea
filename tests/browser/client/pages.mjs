// Pages with an AuthClient, in a real browser: on the service's own origin, and on another origin
// of the same site.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { inRoot } from "../../../scripts/project/root.mjs";

export const ADA = { email: "ada@example.com", password: "correct horse battery staple" };
export const ROOT = { ...ADA, email: "root@example.com" };

const PATH = "/client-test";
// This Content-Security-Policy is as strict as the one with which the package promises to work, and
// it requires Trusted Types.
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
 * Opens a browser profile for pages of `origin`. The test moves the clock of its tabs. This does
 * not move the service's clock. `count` counts the requests to the service, such as "POST
 * /auth/token". The test fails at its end if a page reported an error or violated its
 * Content-Security-Policy.
 *
 * `url` is the service's origin, if it differs from `origin`. `without` names APIs to remove from
 * the browser, such as `navigator.locks`. `complaints` matches the errors that the browser is
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
      // Chromium reports every failed request as an error. Ignore these reports, because the tests
      // make requests fail on purpose.
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
  // On the service's own origin, answer the address of the test's page here. On another origin
  // `servePages` serves this page.
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
    /** The status of a GET by `client.fetch`, or the code of the error. */
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
 * Makes the service reject the access tokens that Ada has so far: an administrator adds the role
 * `editor` to her roles, or removes it if she has it.
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
