// Checks rules that hold for each state in states.mjs (such as signed in or signed out), on a
// desktop, in dark mode and on a phone: accessibility rules of axe, the size of the text in fields,
// the height of controls, and the width of the page. For some states, also checks how far content
// moves while a page loads, and that a button stays where it is. SCREENSHOTS=<folder> saves
// pictures of each state.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isWide } from "../wide.mjs";
import { openPage, PHONE, servePages, startBrowser, watchButton } from "./browser.mjs";
import { STATES } from "./states.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// `rules` selects which checks of axe, the accessibility checker, are run. Colours don't depend on
// the width of the screen, and the content does not depend on the colours. So no check has to be
// run again with a look that can't change its result. The checks of a phone take long, and few of
// them depend on the width: `npm test` runs these few, and `npm run test:wide` also runs the others.
const DESKTOP = { width: 1280, height: 720 };
const OF_THE_WIDTH = ["target-size", "scrollable-region-focusable", "meta-viewport"];
// axe runs this rule only if it is switched on.
const SIZE = { "target-size": { enabled: true } };
const LOOKS = {
  light: { colorScheme: "light", viewport: DESKTOP, rules: { rules: SIZE } },
  dark: { colorScheme: "dark", viewport: DESKTOP, rules: { runOnly: ["color-contrast"] } },
  phone: {
    colorScheme: "light",
    viewport: PHONE,
    rules: isWide
      ? { rules: { ...SIZE, "color-contrast": { enabled: false } } }
      : { runOnly: OF_THE_WIDTH },
  },
};

let browser;
let www;
before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

// Bring each page into its state only once. Then change the look without loading the page again.
describe("every state of every page", { concurrency: 2 }, () => {
  for (const { name, reach, says } of STATES) {
    test(name, { timeout: 60_000 }, async (t) => {
      const page = await openPage(t, browser, www.url, { reducedMotion: "reduce" });
      await reach(page);
      await page.getByText(says).first().waitFor();
      assert.equal(await page.locator("h1:visible").count(), 1);
      await page.evaluate(axe);
      for (const [look, { colorScheme, viewport, rules }] of Object.entries(LOOKS)) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await picture(page, `${name}-${look}`);
        assert.deepEqual(await violations(page, rules), [], look);
        assert.deepEqual(await page.evaluate(tooSmall), [], look);
        const { content, window } = await page.evaluate(() => ({
          content: document.documentElement.scrollWidth,
          window: innerWidth,
        }));
        assert.ok(content <= window, `${look}: ${content} px wide in a window of ${window}`);
      }
      // Windows has a high contrast mode. The test only takes a picture in this mode, for people to
      // look at.
      await page.emulateMedia({ forcedColors: "active" });
      await picture(page, `${name}-contrast`);
    });
  }
});

// Chromium measures which part of the screen moves while a page loads (layout shift). A sum of up
// to 0.1 is good. The test uses the screen size of a phone, because on a small screen a larger part
// of the screen moves.
test("nothing jumps about while a page loads", { timeout: 120_000 }, async (t) => {
  for (const name of [
    "index",
    "index-signed-in",
    "sign-in",
    "sign-in-already",
    "sign-in-to-app",
    "sign-in-continue",
    "consent",
    "register",
    "account",
    "console",
    "console-signed-in",
  ]) {
    const page = await openPage(t, browser, www.url, { viewport: PHONE });
    const { reach, says } = STATES.find((state) => state.name === name) ?? assert.fail(name);
    await reach(page);
    await page.getByText(says).first().waitFor();
    const shift = await page.evaluate(shifted);
    assert.ok(shift < 0.1, `${name}: ${shift}`);
  }
});

test("a button that can be pressed stays where it is while the service answers", async (t) => {
  for (const name of ["sign-in", "sign-in-to-app", "sign-in-to-app-again", "register", "forgot"]) {
    for (const viewport of [DESKTOP, PHONE]) {
      const page = await openPage(t, browser, www.url, { viewport });
      const { reach, says } = STATES.find((state) => state.name === name) ?? assert.fail(name);
      const placesOfButton = await watchButton(page);
      await reach(page);
      await page.getByText(says).first().waitFor();
      const places = await placesOfButton();
      assert.equal(places.length, 1, `${name}: at ${places} px`);
    }
  }
});

/**
 * Returns the sum of the layout shifts that have happened so far, or 0 if Chromium reports none
 * within 500 ms.
 */
function shifted() {
  return new Promise((resolve) => {
    new PerformanceObserver((list) =>
      resolve(
        /** @type {{ value: number }[]} */ (/** @type {unknown} */ (list.getEntries())).reduce(
          (sum, { value }) => sum + value,
          0,
        ),
      ),
    ).observe({ type: "layout-shift", buffered: true });
    setTimeout(resolve, 500, 0);
  });
}

async function picture(page, name) {
  if (!process.env.SCREENSHOTS) return;
  await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
}

/**
 * Returns the violations that axe finds. The frame that shows a mail is skipped, because axe's
 * script is not loaded in this frame. Other tests check how mails look.
 */
async function violations(page, rules) {
  const found = await page.evaluate(
    (rules) => window.axe.run({ exclude: ["iframe"] }, { iframes: false, ...rules }),
    rules,
  );
  assert.ok(found.passes.length > (rules.runOnly ? 0 : 5), "axe did not run");
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
}

/**
 * Finds fields whose text is smaller than 16 px, because iOS zooms into them, and controls that are
 * less than 44 px high, because they are hard to hit with a thumb.
 */
function tooSmall() {
  const seen = (element) => element.checkVisibility() && !element.closest(".announce");
  const fields = [...document.querySelectorAll("input")].filter(
    (input) => seen(input) && parseFloat(getComputedStyle(input).fontSize) < 16,
  );
  const targets = [
    ...document.querySelectorAll("input, [type=submit], .action, .quiet, summary"),
  ].filter((element) => seen(element) && element.getBoundingClientRect().height < 44);
  return [...fields, ...targets].map(({ outerHTML }) => outerHTML);
}
