// `npm run docs:follow`: runs the code blocks of the documents as a reader would.
//   npm run docs:follow -- --shell zsh --times 2
//   npm run docs:follow -- docs/get-started.md          some documents
import { Advice, main } from "../../../scripts/project/advice.mjs";
import { parsed, wholeNumber } from "../../../scripts/project/arguments.mjs";
import { inRoot } from "../../../scripts/project/root.mjs";
import { run } from "../../../scripts/project/run.mjs";
import { node, toolEnv } from "../../../scripts/project/tools.mjs";
import { zsh } from "../../../scripts/setup/zsh.mjs";

const USAGE = "use it as `npm run docs:follow -- --shell bash --times 1 <documents>`";

await main(async () => {
  const { values, positionals } = parsed(
    {
      allowPositionals: true,
      options: { shell: { type: "string", default: "bash" }, times: { type: "string" } },
    },
    USAGE,
  );
  const { shell } = values;
  if (shell !== "bash" && shell !== "zsh")
    throw new Advice(`--shell is "${shell}": choose bash or zsh.`);
  if (shell === "zsh") await zsh();
  const times = wholeNumber("times", values.times);
  const built = await run(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() });
  if (built.code !== 0) return built.code;
  const { follow, summary } = await import("./follow.mjs");
  const outcome = await follow({
    shell,
    times,
    only: (document) => positionals.length === 0 || positionals.includes(document),
    tell: console.log,
  });
  const { notRun, faults } = outcome;
  console.log(`\n${summary(outcome)}`);
  for (const { place, reason } of notRun) console.log(`  ${place}: ${reason}`);
  for (const fault of faults) console.log(`\n${fault}`);
  return faults.length === 0 ? 0 : 1;
});
