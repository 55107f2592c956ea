// What every bench needs first: the set-up, and the Worker as it is now.
import { inRoot } from "../scripts/project/root.mjs";
import { run } from "../scripts/project/run.mjs";
import { node, toolEnv } from "../scripts/project/tools.mjs";
import * as benchPackages from "../scripts/setup/bench-packages.mjs";
import { setUp } from "../scripts/setup/index.mjs";

/** Answers an exit code when it failed. */
export async function setUpBench() {
  await setUp();
  await setUp([benchPackages]);
  const { code } = await run(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() });
  process.env.EDGEGATE_BUILT = "1";
  return code;
}
