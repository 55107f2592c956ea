// `npm run deploy`: builds the Worker if its sources are newer than the last build, then runs
// `edgegate deploy` in this repository. Before that command uploads the Worker, it checks the
// settings as the Worker itself would check them.
import { helpIfAsked, main } from "./project/advice.mjs";
import { edgegate } from "./project/command.mjs";
import { inRoot } from "./project/root.mjs";
import { run } from "./project/run.mjs";
import { node, toolEnv } from "./project/tools.mjs";
import { checkerIsCurrent } from "./settings/check.mjs";
import { setUp } from "./setup/index.mjs";

const USAGE = `Use it as \`npm run deploy\`, or \`npm run deploy -- <options>\`:
  --env <name>        an environment of wrangler.toml, such as staging
  --dry-run           checks and builds, and changes nothing
  --var NAME:value    a setting for this deploy
  --yes               does not ask; needed where there is no terminal
  --adopt             uses a Worker, a database or queues that this command has not made
  --new-secrets       makes the secrets that a deployed Worker has lost; everyone is signed out
  --admin <email>     makes this person an administrator, by a link that is printed
Options of \`wrangler deploy\` follow a second --: \`npx wrangler deploy --help\` lists them.`;

await main(async () => {
  const given = process.argv.slice(2);
  helpIfAsked(USAGE, given);
  await setUp();
  // wrangler would also build the Worker, but only after the check of the settings, and this check
  // needs the built Worker.
  if (!checkerIsCurrent()) {
    const built = await run(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() });
    if (built.code !== 0) return built.code;
  }
  return edgegate(["deploy", ...given]);
});
