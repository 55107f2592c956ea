// Finds or installs a Chromium for the browser tests. They control it with playwright-core, whose
// own browser download is not used. The preferred program, the headless shell, is Chromium without
// windows: the engine is the same, but a test takes only a third of the processor time.
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
