// Builds everything: the Worker, the npm package edgegate, and the packages edgegate-worker and
// create-edgegate. The Worker's pages use scripts of the package edgegate. wrangler calls this
// script ([build] in wrangler.toml), and so does `npm run build`.
import { helpIfAsked, main } from "./project/advice.mjs";
import { inRoot } from "./project/root.mjs";
import { run } from "./project/run.mjs";
import { node, toolEnv } from "./project/tools.mjs";
import { setUp } from "./setup/index.mjs";

const USAGE =
  "Use it as `npm run build`: builds the Worker into build/ and the three npm packages into dist/, if their sources changed.";

await main(async () => {
  helpIfAsked(USAGE);
  await setUp();
  // Both builds run at the same time, because half of each build is link-time optimisation, which
  // uses only one processor.
  const results = await Promise.all(["build-package.mjs", "build-worker.mjs"].map(script));
  const code = Math.max(...results.map(({ code }) => code));
  return code === 0 ? (await script("build-worker-package.mjs")).code : code;
});

/** @param {string} name */
function script(name) {
  return run(node(), [inRoot("scripts", name)], { env: toolEnv() });
}
