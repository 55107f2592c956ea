// Builds everything: the Worker, and the npm package, which the Worker's pages use too. wrangler
// calls this ([build] in wrangler.toml), and so does `npm run build`.
import { helpIfAsked, main } from "./project/advice.mjs";
import { inRoot } from "./project/root.mjs";
import { run } from "./project/run.mjs";
import { node, toolEnv } from "./project/tools.mjs";
import { setUp } from "./setup/index.mjs";

const USAGE =
  "Use it as `npm run build`: builds the Worker into build/ and the npm package into dist/, if their sources changed.";

await main(async () => {
  helpIfAsked(USAGE);
  await setUp();
  // At once: link-time optimisation keeps one processor busy, for half of each build.
  const results = await Promise.all(
    ["build-package.mjs", "build-worker.mjs"].map((script) =>
      run(node(), [inRoot("scripts", script)], { env: toolEnv() }),
    ),
  );
  return Math.max(...results.map(({ code }) => code));
});
