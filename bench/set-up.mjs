// The first step of the benches that compare edgegate with other projects or profile it: installs
// the tools, and builds the Worker and the npm packages, or only the npm package edgegate.
import { inRoot } from "../scripts/project/root.mjs";
import { run } from "../scripts/project/run.mjs";
import { node, toolEnv } from "../scripts/project/tools.mjs";
import * as benchPackages from "../scripts/setup/bench-packages.mjs";
import { setUp } from "../scripts/setup/index.mjs";

/** Returns the exit code of the build, which is not 0 if the build failed. */
export async function setUpBench({ isPackageOnly = false } = {}) {
  await setUp();
  await setUp([benchPackages]);
  const script = isPackageOnly ? "build-package.mjs" : "build.mjs";
  const { code } = await run(node(), [inRoot("scripts", script)], { env: toolEnv() });
  process.env.EDGEGATE_BUILT = "1";
  return code;
}
