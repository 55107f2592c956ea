// Finds or installs a Chromium for the browser tests. The tests control it with playwright-core,
// and do not use the browser that Playwright would download. The preferred program is the headless
// shell. It is Chromium without windows: it has the same engine, but a test takes only a third of
// the processor time.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [
    // Set CHROMIUM if the browser is in an unusual place.
    process.env.CHROMIUM,
    "chromium-headless-shell",
  ],
  otherwise: [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ],
  debianPackage: "chromium-headless-shell",
  advice:
    "no Chromium was found for the browser tests: install the package `chromium-headless-shell` or `chromium`, or Chrome, or set CHROMIUM to its path.",
};

/** The path of a Chromium or Chrome. If it is missing, installs it, but only as root on Debian. */
export const chromium = () => program(need);
