// Starts a Chromium for the tests of the pages, and a server that serves the pages as Cloudflare
// does, with the headers from www/_headers.
//
//   const browser = await startBrowser();
//   const www = await servePages();
//   const page = await openPage(t, browser, www.url, { viewport: PHONE });
//   await fake(page, "/auth/password/reset", { status: 202 });
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { chromium as playwright } from "playwright-core";
import { prebuiltForMiniflare } from "../../scripts/project/prebuilt-worker.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { chromium } from "../../scripts/setup/chromium.mjs";

export const PHONE = { width: 360, height: 640 };

// This timeout is long because a build might slow the machine down while the tests run.
const TIMEOUT_MS = 60_000;

const PAGES_WORKER = "tests/browser/pages-worker.mjs";
/** The modules of the Worker that `PAGES_WORKER` uses. */
const SOURCES_OF_PAGES = [
  "src/edge/exchange.js",
  ...readdirSync(inRoot("src/edge/pages"))
    .filter((name) => name.endsWith(".mjs"))
    .map((name) => `src/edge/pages/${name}`),
];

/** @param {string[]} [args] Additional arguments for Chromium. */
export async function startBrowser(args = []) {
  return playwright.launch({
    executablePath: await chromium(),
    args,
    // As root, Chromium starts only without its sandbox. That is safe here, because this Chromium
    // loads only the project's own pages.
    chromiumSandbox: process.getuid?.() !== 0,
  });
}

/**
 * Serves only the pages, without the Worker's wasm. A test answers the requests of the pages with
 * `fake`. `vars` are the Worker's settings.
 */
export async function servePages(vars = {}) {
  const [{ workerOptions }, { Miniflare, convertV4MiniflareOptions }] = await Promise.all([
    prebuiltForMiniflare(),
    import("miniflare"),
  ]);
  const { assets, compatibilityDate } = workerOptions;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      name: "pages",
      modules: [PAGES_WORKER, ...SOURCES_OF_PAGES].map((path) => ({
        type: "ESModule",
        path,
        contents: readFileSync(inRoot(path), "utf8"),
      })),
      bindings: vars,
      compatibilityDate,
      assets,
    }),
  );
  try {
    const { origin } = await miniflare.ready;
    return { url: origin, stop: () => miniflare.dispose() };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

/**
 * Opens a page in a new browser profile. Relative addresses are resolved against `origin`.
 * `options` are playwright's options for a context.
 *
 * At its end the test fails in three cases: the page reported an error, it violated its
 * Content-Security-Policy, or it sent a request to an origin other than `origin` and `others`.
 */
export async function openPage(t, browser, origin, options = {}, others = []) {
  const context = await browser.newContext({ baseURL: origin, ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const wrong = [];
  const watch = (page) => {
    page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
    page.on("console", (message) => {
      // The browser also reports every failed request as an error. Ignore these error messages,
      // because the tests make requests fail on purpose.
      if (message.type() === "error" && !/^Failed to load resource: /.test(message.text()))
        wrong.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      const isAllowed = [origin, ...others].some((one) => request.url().startsWith(`${one}/`));
      if (!isAllowed && !/^(data|about|blob):/.test(request.url()))
        wrong.push(`request: ${request.url()}`);
    });
  };
  context.on("page", watch);
  const page = await context.newPage();
  t.after(async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  });
  return page;
}

/**
 * Answers the page's requests to `path` in place of the Worker. Returns a list to which each
 * request is added. `answer` is an object that playwright's `fulfill` accepts (with `json` for a
 * body), or "offline", or a function that returns one of these two. The function gets the number of
 * requests so far, so its argument is 1 for the first request.
 */
export async function fake(page, path, answer) {
  const asked = [];
  await page.route(`**${path}`, async (route) => {
    const request = route.request();
    asked.push({
      method: request.method(),
      headers: request.headers(),
      body: request.postDataJSON(),
    });
    const given = typeof answer === "function" ? await answer(asked.length) : answer;
    if (given === "offline") return route.abort("internetdisconnected");
    return route.fulfill(given);
  });
  return asked;
}

/** Returns an error answer (problem+json) as the Worker would send it. */
export const problem = (status, code, members = {}, headers = {}) => ({
  status,
  headers: { "Content-Type": "application/problem+json", "X-Request-Id": "5f0c", ...headers },
  body: JSON.stringify({
    type: "about:blank",
    title: code,
    status,
    code,
    detail: code,
    ...members,
  }),
});

/**
 * Returns which element has the focus: the id of the element, or its tag and text, such as
 * `h1: Check your mail`.
 */
export const focused = (page) =>
  page.evaluate(() => {
    const { localName, id, textContent } = document.activeElement ?? document.body;
    return id || `${localName}: ${textContent.trim()}`;
  });

/**
 * Returns the addresses in this tab's history, except about:blank. Reads them over the browser's
 * debugging protocol, because a page can't read the addresses in its own history.
 */
export async function addresses(page) {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send("Page.getNavigationHistory");
  await session.detach();
  return entries.map(({ url }) => url).filter((url) => url !== "about:blank");
}

/**
 * Records where a form's button is in each animation frame in which it can be pressed. If a button
 * moves while the page loads, people press something else by mistake. To make such moves visible,
 * each answer to `fetch` is delayed by 200 ms.
 *
 * Call this function before the page is opened. It returns a function that waits until the page has
 * all answers, and then returns the different positions of the button, in pixels from the top.
 */
export async function watchButton(page) {
  await page.addInitScript(() => {
    const noted = { places: new Set(), unanswered: 0 };
    Object.assign(window, { noted });
    const { fetch } = window;
    window.fetch = async (...request) => {
      noted.unanswered += 1;
      try {
        const answer = await fetch(...request);
        await new Promise((resolve) => setTimeout(resolve, 200));
        return answer;
      } finally {
        // Give the page 50 ms to show the answer before the request is counted as answered.
        setTimeout(() => (noted.unanswered -= 1), 50);
      }
    };
    const look = () => {
      const button = document.querySelector("[data-view]:not([hidden]) form [type=submit]:enabled");
      if (button?.checkVisibility())
        noted.places.add(Math.round(button.getBoundingClientRect().top + scrollY));
      requestAnimationFrame(look);
    };
    look();
  });
  return async () => {
    const done = await page.waitForFunction(
      () =>
        window.noted.unanswered === 0 && window.noted.places.size > 0 && [...window.noted.places],
    );
    return done.jsonValue();
  };
}

/** Moves the page's clock one minute ahead and stops it. Tests move it with `page.clock.runFor`. */
export async function stopTime(page) {
  const now = Date.now();
  await page.clock.install({ time: now });
  await page.clock.pauseAt(now + 60_000);
}

/**
 * Moves the clock past a countdown of `seconds`, and waits until the page says that the countdown
 * is over.
 */
export async function waitOver(page, seconds) {
  await page.clock.runFor(seconds * 1000 + 1000);
  await page.getByRole("alert").getByText("You can try again now.").waitFor();
}
