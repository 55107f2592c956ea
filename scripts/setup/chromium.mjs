// A Chromium for the browser tests. They drive it by playwright-core, whose own browser download is not used.
import { Advice } from "../project/advice.mjs";
import { output, run } from "../project/run.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
const MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** The path of a Chromium or Chrome, installed first where that can be done without asking. */
export async function chromium() {
  return (await find()) ?? (await install());
}

async function find() {
  // $CHROMIUM is for a browser in an unusual place.
  for (const name of [process.env.CHROMIUM, ...NAMES, MAC].filter(Boolean)) {
    const path = await output("/bin/sh", ["-c", 'command -v "$1"', "sh", name]);
    if (path) return path;
  }
  return null;
}

async function install() {
  if (process.getuid?.() === 0 && (await output("apt-get", ["--version"])) !== null) {
    console.log("\n▸ Set-up: Chromium, from the system's packages");
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], { env });
    const path = await find();
    if (path) return path;
  }
  throw new Advice("no Chromium was found for the browser tests: install the package `chromium` or Chrome, or set CHROMIUM to its path.");
}
