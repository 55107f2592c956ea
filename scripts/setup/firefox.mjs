// Finds or installs a Firefox for the test of the pages. The test controls it with puppeteer-core
// through WebDriver BiDi, and does not use the browser that Puppeteer would download.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [
    // Set FIREFOX if the browser is in an unusual place.
    process.env.FIREFOX,
    "firefox",
    "firefox-esr",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
  ],
  debianPackage: "firefox-esr",
  advice:
    "no Firefox was found for the browser tests: install the package `firefox-esr` or Firefox, or set FIREFOX to its path.",
};

/** The path of a Firefox. If it is missing, installs it, but only as root on Debian. */
export const firefox = () => program(need);
