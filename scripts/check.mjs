// `npm run check`: what one wants to know after an edit, in under a minute. Formatting, lints, types and the quick unit tests;
// `npm test` runs the others. wireit runs the parts beside each other and skips those whose files have not changed: package.json
// lists both. Set-up comes first, because it installs wireit.
import { main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { output, run } from "./project/run.mjs";
import { toolEnv } from "./project/tools.mjs";
import { setUp } from "./setup/index.mjs";

await main(async () => {
  parsed({ options: {} }, "use it as `npm run check`, without arguments");
  await setUp();
  const { code } = await run("npm", ["run", "--silent", "check:all"], {
    env: {
      WIREIT_FAILURES: "continue",
      ...toolEnv(),
      // Another compiler may find something else in the same files.
      EDGEGATE_RUSTC: (await output("rustc", ["-vV"])) ?? "",
    },
  });
  return code;
});
