// Tests RedirectClient in React's StrictMode, which runs each effect twice. A server renders the
// page, and a browser hydrates it. The service is on another origin.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { openPage, startBrowser } from "../browser/browser.mjs";
import { ADA, Issuer } from "../client/issuer.mjs";
import { makeProject } from "./package.mjs";
import { startSite } from "./site.mjs";

const RENDER = `
  import { createElement } from "react";
  import { renderToString } from "react-dom/server";
  import { App } from "./app.js";
  process.stdout.write(renderToString(createElement(App)));
`;
const PAGE = `
  import { StrictMode, createElement as h } from "react";
  import { hydrateRoot } from "react-dom/client";
  import { App, auth, effects } from "./app.js";
  Object.assign(window, { app: auth, effects });
  hydrateRoot(document.getElementById("root"), h(StrictMode, null, h(App)));
`;

let browser, project, rendered, script;
before(async () => {
  browser = await startBrowser();
  project = await makeProject({ after }, ["react", "react-dom", "scheduler"]);
  const app = readFileSync(new URL("react-redirect-app.js", import.meta.url), "utf8");
  project.write("app.js", app);
  project.write("render.js", RENDER);
  project.write("page.js", PAGE);
  rendered = await project.node("render.js");
  const { outputFiles } = await build({
    entryPoints: [project.path("page.js")],
    bundle: true,
    format: "esm",
    write: false,
    define: { "process.env.NODE_ENV": '"development"' },
  });
  script = outputFiles[0].text;
});
after(() => browser?.close());

/**
 * Starts the site of the page. Also starts a service on another port, at which the user is already
 * signed in.
 */
async function open(t) {
  const service = await startSite(t);
  const page = await startSite(t, {
    pages: {
      "/": `<!doctype html><html lang="en"><title>React</title><link rel="icon" href="data:,"><div id="root">${rendered}</div><script src="/settings.js"></script><script type="module" src="/page.js"></script></html>`,
      "/settings.js": `window.ISSUER = "${service.origin}";`,
      "/page.js": script,
    },
    csp: `default-src 'none'; script-src 'self'; connect-src 'self' ${service.origin}; img-src data:`,
  });
  const redirectUri = `${page.origin}/`;
  const issuer = new Issuer(() => Date.now(), { origin: service.origin, redirectUri });
  issuer.signedOn = ADA;
  const answer = async (request, response) => {
    const body = await new Response(/** @type {any} */ (request)).text();
    const init = { method: "POST", headers: request.headers, body };
    const asked = new Request(new URL(request.url, service.origin), init);
    const made = /** @type {Response} */ ((await issuer.answer(asked, body)).response);
    const headers = { "Access-Control-Allow-Origin": "*", "Content-Type": "application/json" };
    response.writeHead(made.status, headers).end(await made.text());
  };
  Object.assign(service.answers, {
    "/auth/authorize": (request, response) => {
      const Location = issuer.authorize(new URL(request.url, service.origin).href);
      response.writeHead(303, { Location }).end();
    },
    "/auth/token": answer,
    "/auth/revoke": answer,
    "/.well-known/jwks.json": answer,
  });
  const opened = await openPage(t, browser, page.origin, {}, [service.origin]);
  const shows = (text) =>
    opened.waitForFunction((it) => document.getElementById("greeting")?.textContent === it, text);
  return { page: opened, issuer, shows, origin: page.origin };
}

test("a sign-in, with each effect twice; then a reload, and the sign-out", async (t) => {
  assert.match(rendered, /<p id="greeting">unknown<\/p>/);
  const { page, issuer, shows, origin } = await open(t);
  await page.goto("/");
  await shows("signed_out");
  await page.evaluate(() => void window.app.signInWithRedirect({ returnTo: "/?page=2#top" }));
  await shows("Hello Ada");
  await page.waitForFunction(() => document.getElementById("return-to")?.textContent !== "");
  assert.equal(await page.textContent("#return-to"), "/?page=2#top");
  assert.equal(await page.textContent("#problem"), "");
  assert.equal(await page.evaluate(() => location.href), `${origin}/?page=2#top`);
  assert.equal(await page.evaluate(() => window.effects.count), 2);
  assert.equal(issuer.count("/auth/token"), 1);

  await page.goto("/?page=3");
  await shows("Hello Ada");
  assert.equal(await page.evaluate(() => location.href), `${origin}/?page=3`);
  assert.equal(issuer.count("/auth/token"), 2);
  assert.equal(issuer.asked.at(-1)?.get("prompt"), "none");
  const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  assert.doesNotMatch(stored, /ega_|ey[A-Za-z0-9]|verifier/);

  await page.evaluate(() => window.app.signOut());
  await shows("signed_out");
  assert.equal(issuer.count("/auth/revoke"), 1);
  await page.goto("/");
  await shows("signed_out");
  assert.equal(issuer.asked.length, 2);
});
