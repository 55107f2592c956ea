// A Firefox for the test of the pages. puppeteer-core controls it with WebDriver BiDi; its own
// browser download is not used.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [
    // For a browser in an unusual place.
    process.env.FIREFOX,
    "firefox",
    "firefox-esr",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
  ],
  debianPackage: "firefox-esr",
  advice:
    "no Firefox was found for the browser tests: install the package `firefox-esr` or Firefox, or set FIREFOX to its path.",
};

/** The path of a Firefox, installed first where that can be done without asking. */
export const firefox = () => program(need);
