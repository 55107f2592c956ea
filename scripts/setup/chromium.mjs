// A Chromium for the browser tests. They drive it by playwright-core, whose own browser download is not used.
import { program } from "./debian.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
const MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
const ADVICE =
  "no Chromium was found for the browser tests: install the package `chromium` or Chrome, or set CHROMIUM to its path.";

/** The path of a Chromium or Chrome, installed first where that can be done without asking. */
export function chromium() {
  // $CHROMIUM is for a browser in an unusual place.
  return program([process.env.CHROMIUM, ...NAMES, MAC].filter(Boolean), "chromium", ADVICE);
}
