// A Chromium for the browser tests. They control it with playwright-core, whose own browser
// download is not used.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [
    // For a browser in an unusual place.
    process.env.CHROMIUM,
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ],
  debianPackage: "chromium",
  advice:
    "no Chromium was found for the browser tests: install the package `chromium` or Chrome, or set CHROMIUM to its path.",
};

/** The path of a Chromium or Chrome, installed first where that can be done without asking. */
export const chromium = () => program(need);
