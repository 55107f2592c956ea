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
  for (const script of ["build-package.mjs", "build-worker.mjs"]) {
    const { code } = await run(node(), [inRoot("scripts", script)], { env: toolEnv() });
    if (code !== 0) return code;
  }
});
