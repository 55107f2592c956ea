// Tests AuthClient as the store of React's useSyncExternalStore, in StrictMode. A server renders
// the app, and the page hydrates it. React logs an error to the console in two cases: a snapshot
// changes without an event, or the page differs from what the server has rendered. In both cases
// openPage fails the test.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { openPage, startBrowser } from "../browser/browser.mjs";
import { makeProject } from "./package.mjs";
import { startSite } from "./site.mjs";
import { newKey, nowSeconds, USER } from "./tokens.mjs";

const RENDER = `
  import { createElement } from "react";
  import { renderToString } from "react-dom/server";
  import { App, auth } from "./app.js";
  process.stdout.write(renderToString(createElement(App)));
  if (auth.status !== "unknown") throw new Error(auth.status);
`;
const PAGE = `
  import { StrictMode, createElement as h } from "react";
  import { hydrateRoot } from "react-dom/client";
  import { App, auth, renders } from "./app.js";
  const listening = new Set();
  const { addEventListener, removeEventListener } = auth;
  auth.addEventListener = (type, listener) => (listening.add(listener), addEventListener.call(auth, type, listener));
  auth.removeEventListener = (type, listener) => (listening.delete(listener), removeEventListener.call(auth, type, listener));
  const texts = [];
  const note = () => {
    const text = document.getElementById("greeting")?.textContent;
    if (text !== texts.at(-1)) texts.push(text);
  };
  new MutationObserver(note).observe(document, { childList: true, characterData: true, subtree: true });
  note();
  const hydrate = () => (window.root = hydrateRoot(document.getElementById("root"), h(StrictMode, null, h(App))));
  Object.assign(window, { auth, renders, listening, texts, hydrate });
`;

const key = newKey("1");
const ADA = {
  ...{ id: USER, email: "ada@example.com", email_verified: true },
  ...{ first_name: "Ada", last_name: null, roles: ["editor", "user"] },
};

let browser, project, rendered, script;
before(async () => {
  browser = await startBrowser();
  project = await makeProject({ after }, ["react", "react-dom", "scheduler"]);
  project.write("app.js", readFileSync(new URL("react-app.js", import.meta.url), "utf8"));
  project.write("render.js", RENDER);
  project.write("page.js", PAGE);
  rendered = await project.node("render.js");
  const { outputFiles } = await build({
    entryPoints: [project.path("page.js")],
    bundle: true,
    format: "esm",
    write: false,
    // Use the development build of React, because the production build does not check stores.
    define: { "process.env.NODE_ENV": '"development"' },
  });
  script = outputFiles[0].text;
});
after(() => browser?.close());

/** Opens the page that the server has rendered. The page uses a service that has one user. */
async function open(t, { isSignedIn = false } = {}) {
  const service = { isSignedIn, asked: /** @type {string[]} */ ([]) };
  const answer = (work) => (request, response) => {
    service.asked.push(new URL(request.url, "http://site").pathname);
    const [status, body] = work();
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(body && JSON.stringify(body));
  };
  const tokens = () => ({
    ...{ access_token: key.token({ exp: nowSeconds() + 600 }), token_type: "Bearer" },
    expires_in: 600,
  });
  const site = await startSite(t, {
    pages: {
      "/": `<!doctype html><html lang="en"><title>React</title><link rel="icon" href="data:,"><div id="root">${rendered}</div><script type="module" src="/page.js"></script></html>`,
      "/page.js": script,
    },
    // The policy allows no styles. The test does not cover styles that React itself might add.
    csp: "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:",
  });
  Object.assign(site.answers, {
    "/auth/token": answer(() =>
      service.isSignedIn ? [200, tokens()] : [400, { error: "invalid_grant" }],
    ),
    "/auth/login": answer(() => {
      service.isSignedIn = true;
      return [200, { ...tokens(), user: ADA }];
    }),
    "/auth/revoke": (_, response) => {
      service.isSignedIn = false;
      response.writeHead(200).end();
    },
    "/auth/me": answer(() => [200, ADA]),
  });
  const page = await openPage(t, browser, site.origin);
  await page.goto("/");
  await page.waitForFunction(() => window.hydrate !== undefined);
  const shows = (text) =>
    page.waitForFunction((it) => document.getElementById("greeting")?.textContent === it, text);
  return { page, service, shows };
}

test("a server renders it without a page, and sends nothing", () => {
  assert.match(rendered, /<p id="greeting">Loading<\/p><p id="roles">none<\/p>/);
});

test("a visitor sees the sign-in, without another call; then the login, then the logout", async (t) => {
  const { page, service, shows } = await open(t);
  await page.evaluate(() => window.hydrate());
  await shows("Sign in");
  assert.deepEqual(service.asked, ["/auth/token"]);
  await page.evaluate(() => window.auth.login({ email: "ada@example.com", password: "x" }));
  await shows("Hello Ada");
  assert.equal(await page.textContent("#roles"), "editor user");
  await page.evaluate(() => window.auth.logout());
  await shows("Sign in");
  assert.deepEqual(await page.evaluate(() => window.texts), [
    "Loading",
    "Sign in",
    "Hello Ada",
    "Sign in",
  ]);
});

test("a session that the page finds, with one render for each change", async (t) => {
  const { page, shows } = await open(t, { isSignedIn: true });
  await page.evaluate(() => window.hydrate());
  await shows("Hello Ada");
  const before = await page.evaluate(() => ({ ...window.renders }));
  // `me` finds the same user as before. So React does not render the components again.
  await page.evaluate(async () => {
    await window.auth.me();
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
  assert.deepEqual(await page.evaluate(() => ({ ...window.renders })), before);
});

test("hydrated after it is known who is signed in: no mismatch, then the user", async (t) => {
  const { page, shows } = await open(t, { isSignedIn: true });
  await page.evaluate(async () => {
    await window.auth.ready();
    window.hydrate();
  });
  await shows("Hello Ada");
});

test("what is unmounted is not called any more", async (t) => {
  const { page, shows } = await open(t);
  await page.evaluate(() => window.hydrate());
  await shows("Sign in");
  // StrictMode subscribes, unsubscribes and subscribes again for each of the two components. So two
  // subscriptions are left.
  assert.equal(await page.evaluate(() => window.listening.size), 2);
  await page.evaluate(() => window.root.unmount());
  assert.equal(await page.evaluate(() => window.listening.size), 0);
  await page.evaluate(() => window.auth.login({ email: "ada@example.com", password: "x" }));
});
