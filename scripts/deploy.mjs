// `npm run deploy`: checks everything that the Worker would check, then runs wrangler deploy. `--
// --dry-run` checks, builds and lists the bindings, and uploads nothing. Everything after `--` goes
// to wrangler.
import { spawn } from "node:child_process";
import { Advice, helpIfAsked, main } from "./project/advice.mjs";
import { chosenEnvironment, readConfig } from "./project/config.mjs";
import { wranglerArguments } from "./project/dev-arguments.mjs";
import { inRoot, root } from "./project/root.mjs";
import { run } from "./project/run.mjs";
import { node, toolEnv, wrangler } from "./project/tools.mjs";
import { checkerIsCurrent } from "./settings/check.mjs";
import { checkDeployment } from "./settings/deployment.mjs";
import { setUp } from "./setup/index.mjs";

const USAGE = `Use it as \`npm run deploy\`, or \`npm run deploy -- <options>\`:
  --env <name>           an environment of wrangler.toml, such as staging
  --dry-run              checks and builds, and uploads nothing
  --var NAME:value       a setting for this deploy
  --secrets-file <path>  secrets to store with this deploy
Every other option goes to \`wrangler deploy\`: \`npx wrangler deploy --help\` lists them.`;

await main(async () => {
  const given = process.argv.slice(2);
  helpIfAsked(USAGE, given);
  const { isDryRun, last, vars } = wranglerArguments(given);
  const environment = chosenEnvironment(last("env"));
  const path = last("config");
  await setUp();
  const config = await readConfig(environment, { path });
  // wrangler would build too, but the settings are judged by what is built.
  if (!checkerIsCurrent()) {
    const built = await run(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() });
    if (built.code !== 0) return built.code;
  }

  const secretsFile = last("secrets-file");
  const { issuer, problems, notes, isNew } = await checkDeployment({
    config,
    environment,
    path,
    vars,
    secretsFile,
  });
  for (const note of notes) console.log(`Note: ${note}\n`);
  if (issuer && isDryRun) console.log(`Note: a real deploy would stop here: ${issuer}\n`);
  if (issuer && !isDryRun) problems.unshift(issuer);
  if (problems.length > 0) throw new Advice(`${problems.join("\n\n")}\n\nNothing was uploaded.`);

  const target = environment === undefined ? ["--env="] : [];
  const code = await deploy([...given, ...target]);
  if (code === 0 && !isDryRun && isNew) console.log(afterwards(environment));
  if (code !== 0)
    console.log(
      `\nBefore a first deploy, make the queues that ${path ?? "wrangler.toml"} names:\n${queuesOf(
        config,
      )
        .map((name) => `  npx wrangler queues create ${name}`)
        .join("\n")}`,
    );
  return code;
});

// This does not use leash.js: wrangler may ask for a login, and a deploy should not be interrupted
// halfway.
/** @param {string[]} given */
function deploy(given) {
  const [command, args, { env }] = wrangler("deploy", ...given);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: "inherit",
    });
    // Ctrl-C reaches wrangler from the terminal. A signal to this process alone is passed on.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject).on("exit", (code) => resolve(code ?? 1));
  });
}

/** @param {Awaited<ReturnType<typeof readConfig>>} config */
function queuesOf({ queues }) {
  const names = [...(queues.producers ?? []), ...(queues.consumers ?? [])].flatMap((entry) => [
    entry.queue,
    ...("dead_letter_queue" in entry && entry.dead_letter_queue ? [entry.dead_letter_queue] : []),
  ]);
  return [...new Set(names)];
}

/** @param {string} [environment] */
function afterwards(environment) {
  const option = environment ? ` --env ${environment}` : "";
  return `
After this first deploy, create the tables. Then deploy again, register, and make yourself an administrator:
  npx wrangler d1 migrations apply DB --remote${option}
  npm run deploy${environment ? ` --${option}` : ""}
  npm run admin -- grant <your address> admin --remote${option}
`;
}
