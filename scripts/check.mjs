// `npm run check`: what you want to know after an edit, in under a minute. It runs formatting,
// lints, types and the quick unit tests; `npm test` runs the other tests. wireit runs the parts in
// parallel and skips parts whose files have not changed: package.json lists the parts and their
// files. Set-up comes first, because it installs wireit.
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
    // Another compiler may report other problems in the same files.
    EDGEGATE_RUSTC: (await output("rustc", ["-vV"])) ?? "",
  };
  return new Promise((resolve, reject) => {
    // Don't use run.mjs: it would kill wireit before wireit has ended its parts, which are in their
    // own process groups.
    const npm = spawn("npm", ["run", "--silent", "check:all"], {
      cwd: root,
      env,
      stdio: "inherit",
    });
    // Ctrl-C reaches npm and wireit from the terminal. A signal to this process alone is passed on.
    process.removeAllListeners("SIGINT").on("SIGINT", () => {});
    process.removeAllListeners("SIGTERM").on("SIGTERM", () => npm.kill("SIGTERM"));
    npm.on("error", reject).on("exit", (code) => resolve(code ?? 1));
  });
});
