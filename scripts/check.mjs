// `npm run check`: checks an edit in under a minute. It runs formatting, lints, types and the quick
// unit tests; `npm test` runs the other tests. wireit runs these parts in parallel and skips the
// parts whose files have not changed. package.json lists the parts and their files. This script
// runs the set-up before, because the set-up installs wireit.
import { spawn } from "node:child_process";
import { main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { root } from "./project/root.mjs";
import { output } from "./project/run.mjs";
import { toolEnv } from "./project/tools.mjs";
import { setUp } from "./setup/index.mjs";

await main(async () => {
  parsed({ options: {} }, "use it as `npm run check`, without arguments");
  await setUp();
  const env = {
    WIREIT_FAILURES: "continue",
    ...process.env,
    ...toolEnv(),
    // wireit runs the checks again if this value changes, because another version of the compiler
    // can report other problems in the same files.
    EDGEGATE_RUSTC: (await output("rustc", ["-vV"])) ?? "",
  };
  return new Promise((resolve, reject) => {
    // npm is not started with run.mjs. When this script is stopped, run.mjs would kill wireit
    // before wireit has stopped the commands that it runs. These commands would continue to run,
    // because they are in other process groups.
    const npm = spawn("npm", ["run", "--silent", "check:all"], {
      cwd: root,
      env,
      stdio: "inherit",
    });
    // At Ctrl-C, the terminal itself sends the signal to npm and wireit, so this process ignores
    // it. A SIGTERM reaches only this process, so it is passed on to npm.
    process.removeAllListeners("SIGINT").on("SIGINT", () => {});
    process.removeAllListeners("SIGTERM").on("SIGTERM", () => npm.kill("SIGTERM"));
    npm.on("error", reject).on("exit", (code) => resolve(code ?? 1));
  });
});
