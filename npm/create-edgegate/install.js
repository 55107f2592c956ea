// Installs the project's packages. Then makes the secrets of local development, with code of the
// package edgegate-worker, which is now installed.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Refusal } from "./refusal.js";

const AGAIN = "Solve this and run it again: it continues where it stopped.";

/**
 * Installs the packages, unless they are installed already. npm's own settings apply, such as
 * `offline`.
 *
 * @param {string} folder
 */
export async function install(folder) {
  const isThere = ["edgegate-worker", "wrangler"].every((name) =>
    existsSync(join(folder, "node_modules", name, "package.json")),
  );
  if (isThere) return;
  console.log("▸ Packages: npm install");
  const [command, ...args] = packageManager();
  const code = await new Promise((resolve, reject) => {
    const child = spawn(command, [...args, "install"], { cwd: folder, stdio: "inherit" });
    child.on("error", ({ message }) =>
      reject(new Refusal(`npm can't be run: ${message}. ${AGAIN}`)),
    );
    child.on("exit", (code) => resolve(code ?? 1));
  });
  if (code !== 0) throw new Refusal(`the packages can't be installed, see above. ${AGAIN}`);
}

/** The npm that runs this program, or else the npm on the PATH. */
function packageManager() {
  const running = process.env.npm_execpath;
  return running && /npm-cli\.js$/.test(running) ? [process.execPath, running] : ["npm"];
}

/**
 * Creates the file .dev.vars with new secrets. If the file exists already, adds only the secrets
 * that are missing in it. `npm start` does the same.
 *
 * @param {string} folder
 */
export async function makeSecrets(folder) {
  const path = join(folder, "node_modules/edgegate-worker/cli/lib/dev-vars.js");
  const { completeDevVars } = await import(pathToFileURL(path).href);
  const made = completeDevVars(join(folder, ".dev.vars"));
  if (made.length > 0) console.log("▸ Secrets: made those of local development, in .dev.vars");
}
