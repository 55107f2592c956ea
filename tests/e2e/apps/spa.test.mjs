// Tests examples/spa-other-origin, a single-page app on another site than the service. Sign-in,
// reload and sign-out must work in Chromium and Firefox with third-party cookies blocked. In
// Chromium, renewal is tested too.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import puppeteer from "puppeteer-core";
import { firefox } from "../../../scripts/setup/firefox.mjs";
import { openPage, startBrowser } from "../../browser/browser.mjs";
import { startEdgegate } from "../../browser/edgegate.mjs";
import { ADA, PASSWORD } from "../client.mjs";
import { SPA, signInAtTheService, startExample } from "./apps.mjs";

describe("a page on another site", () => {
  let edgegate, browser, origin;
  const cleanUp = [];
  before(
    async () => {
      [edgegate, browser] = await Promise.all([
        // An access token is valid for one minute. The page renews the token when a quarter of that
        // minute is left.
        startEdgegate({ vars: { LIMITS: "off", ACCESS_TOKEN_TTL: "60" } }),
        startBrowser(["--test-third-party-cookie-phaseout"]),
      ]);
      const env = { ISSUER: edgegate.origin, CLIENT_ID: SPA, PORT: "0" };
      const t = { after: (work) => cleanUp.push(work) };
      const app = await startExample(t, "spa-other-origin", "serve.js", env);
      origin = await app.line(/http:\/\/localhost:\d+/);
    },
    { timeout: 600_000 },
  );
  after(async () => {
    await browser?.close();
    for (const work of cleanUp.reverse()) await work();
    await edgegate?.stop();
  });

  const open = (t) => openPage(t, browser, origin, {}, [edgegate.origin]);

  test("Chromium: sign in, reload, renew, sign out", { timeout: 240_000 }, async (t) => {
    const page = await open(t);
    const renewals = [];
    const loads = [];
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      const form = new URLSearchParams(request.postData() ?? "");
      // Record only the app's requests. The service's own pages also call this route, but they send
      // JSON instead of a form.
      if (pathname === "/auth/token" && form.has("client_id"))
        renewals.push([form.get("grant_type"), request.headers().cookie]);
      if (pathname === "/auth/authorize") loads.push(searchParams.get("prompt"));
    });
    await page.goto("/orders?page=2#top");
    await page.getByText("Signed out").waitFor();
    assert.deepEqual(loads, [], "a visitor is not sent anywhere");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${edgegate.origin}/**`);
    await signInAtTheService(page, ADA, PASSWORD);
    await page.getByText(`Signed in as ${ADA}`).waitFor();
    assert.equal(page.url(), `${origin}/orders?page=2#top`);

    await page.reload();
    await page.getByText(`Signed in as ${ADA}`).waitFor();
    assert.equal(page.url(), `${origin}/orders?page=2#top`);
    assert.deepEqual(loads, [null, "none"]);

    const kinds = () => renewals.map(([kind]) => kind);
    assert.deepEqual(kinds(), ["authorization_code", "authorization_code"]);
    await page.waitForRequest((request) => request.url().endsWith("/auth/token"), {
      timeout: 90_000,
    });
    assert.equal(kinds().at(-1), "refresh_token");
    await page.getByText(`Signed in as ${ADA}`).waitFor();
    const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    assert.doesNotMatch(stored, /ega_|egk_|ey[A-Za-z0-9]{10}/);
    assert.ok(renewals.every(([, cookie]) => cookie === undefined));

    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByText("Signed out").waitFor();
    await page.reload();
    await page.getByText("Signed out").waitFor();
    assert.equal(loads.length, 2, "after a sign-out a reload asks nobody");

    // The user is still signed in at the service.
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText(`Signed in as ${ADA}`).waitFor();
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await page.waitForURL(`${edgegate.origin}/**`);
    await page.goto(`${origin}/`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("Email address").waitFor();
  });

  test("Chromium sends no third-party cookie, and the session needs none", async (t) => {
    const page = await open(t);
    await page.goto("/");
    await page.getByRole("button", { name: "Sign in" }).click();
    await signInAtTheService(page, ADA, PASSWORD);
    await page.getByText(`Signed in as ${ADA}`).waitFor();
    const names = (await page.context().cookies(edgegate.origin)).map(({ name }) => name);
    assert.ok(names.length >= 2, `the service has set its cookies: ${names}`);
    const asked = page.waitForRequest(`${edgegate.origin}/auth/userinfo`);
    await page.evaluate(
      (url) => fetch(url, { credentials: "include", mode: "no-cors" }).catch(() => {}),
      `${edgegate.origin}/auth/userinfo`,
    );
    assert.equal((await (await asked).allHeaders()).cookie, undefined);
  });

  test("Chromium: with a cookie that is there twice the page keeps the app's request", async (t) => {
    const page = await open(t);
    await page.goto("/");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("Email address").waitFor();
    const { hostname: domain, port } = new URL(edgegate.origin);
    const planted = ["/", "/auth"].map((path) => ({
      name: `edgegate-${port}`,
      value: "planted",
      domain,
      path,
    }));
    await page.context().addCookies(planted);
    await page.reload();
    await page.getByText("The service could not do this (invalid_request").waitFor();
    await page.context().clearCookies({ name: planted[0].name });
    await page.getByRole("button", { name: "Try again" }).click();
    await signInAtTheService(page, ADA, PASSWORD);
    await page.getByText(`Signed in as ${ADA}`).waitFor();
  });

  test("Chromium: a sign-out of the service ends the app's session at its renewal", async (t) => {
    const page = await open(t);
    await page.goto("/");
    await page.getByRole("button", { name: "Sign in" }).click();
    await signInAtTheService(page, ADA, PASSWORD);
    await page.getByText(`Signed in as ${ADA}`).waitFor();
    const account = await page.context().newPage();
    await account.goto(`${edgegate.origin}/account`);
    await account.getByRole("button", { name: "Sign out", exact: true }).click();
    await account.getByText("This device is signed out.").waitFor();
    await page.bringToFront();
    await page.getByText("Signed out").waitFor({ timeout: 90_000 });
    await page.reload();
    await page.getByText("Signed out").waitFor();
  });

  test("Firefox: sign in, reload, sign out", { timeout: 240_000 }, async (t) => {
    const executablePath = await firefox();
    const fox = await puppeteer.launch({
      browser: "firefox",
      executablePath,
      protocol: "webDriverBiDi",
      // The value 1 blocks all third-party cookies.
      extraPrefsFirefox: { "network.cookie.cookieBehavior": 1 },
    });
    t.after(() => fox.close());
    const page = await fox.newPage();
    page.setDefaultTimeout(60_000);
    // The service's sign-in page has no elements with these ids, so they are those of the app.
    const signedIn = () => page.waitForSelector("#signed-in:not([hidden])");
    const signedOut = () => page.waitForSelector("#sign-in:not([hidden])");
    await page.goto(`${origin}/orders`);
    await page.locator("#sign-in").click();
    await page.waitForSelector("[data-state=ready]");
    await page.locator("input[type=email]").fill(ADA);
    await page.locator("input[type=password]").fill(PASSWORD);
    await page.locator("form button[type=submit]").click();
    await signedIn();
    await page.reload();
    await signedIn();
    assert.equal(page.url(), `${origin}/orders`);
    await page.locator("#sign-out").click();
    await signedOut();
    await page.reload();
    await signedOut();
  });
});
