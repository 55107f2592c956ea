// `npm run deploy`: runs wrangler deploy, if ISSUER is an address that the internet can reach. `--
// --dry-run` only builds and lists the bindings. Everything after `--` goes to wrangler.
import { spawn } from "node:child_process";
import { Advice, main } from "./project/advice.mjs";
import { readConfig } from "./project/config.mjs";
import { wranglerArguments } from "./project/dev-arguments.mjs";
import { issuerProblem } from "./project/issuer.mjs";
import { platformLogsProblem } from "./project/platform-logs.mjs";
import { root } from "./project/root.mjs";
import { wrangler } from "./project/tools.mjs";
import { setUp } from "./setup/index.mjs";

const SECRETS = ["SIGNING_KEYS", "TICKET_SECRET", "MAIL_API_KEY"];

const QUEUES = ["edgegate-mail", "edgegate-mail-dead", "edgegate-notices", "edgegate-notices-dead"];

await main(async () => {
  const given = process.argv.slice(2);
  const { isDryRun, last, vars } = wranglerArguments(given);
  await setUp();

  const environment = last("env");
  const config = await readConfig(environment);
  const problem = issuerProblem(vars.get("ISSUER") ?? config.vars.ISSUER);
  if (problem && !isDryRun) throw new Advice(problem);
  if (problem) console.log(`Note: a real deploy would stop here: ${problem}\n`);

  if (!config.vars.MAIL_PROVIDER && !vars.has("MAIL_PROVIDER")) {
    console.log(
      "Note: MAIL_PROVIDER is not set in wrangler.toml: registering and forgotten passwords will answer 500 misconfigured.\n",
    );
  }

  const logsProblem = platformLogsProblem(config);
  if (logsProblem) console.log(`Note: ${logsProblem}\n`);

  const code = await deploy(given);
  if (code === 0 && !isDryRun) console.log(afterwards(environment));
  if (code !== 0)
    console.log(
      `\nBefore a first deploy, make the four queues that wrangler.toml names:\n${QUEUES.map((name) => `  npx wrangler queues create ${name}`).join("\n")}`,
    );
  return code;
});

// Not on the leash: wrangler may ask for a login, and a deploy should not be interrupted halfway.
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

/** @param {string} [environment] */
function afterwards(environment) {
  const option = environment ? ` --env ${environment}` : "";
  return `
After a first deploy, or when one of these changed:
${SECRETS.map((name) => `  npx wrangler secret put ${name}${option}`).join("\n")}
      fresh values of the first two: npm run keys; the last is your mail provider's
  npx wrangler d1 migrations apply DB --remote${option}
  npm run admin -- grant <your address> admin --remote${environment ? option : ""}
`;
}
