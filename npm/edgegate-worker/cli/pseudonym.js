// `edgegate pseudonym`: shows the pseudonym that the log contains instead of an email address or IP
// address.
import { isIP } from "node:net";
import { basename } from "node:path";
import { parseEnv } from "node:util";
import { Advice } from "./lib/advice.js";
import { cloudflareOf } from "./lib/cloudflare.js";
import { chosenEnvironment } from "./lib/config.js";
import { devVarsOf, textOf } from "./lib/dev-vars.js";
import { asOperator, requireStatus } from "./lib/operator.js";
import { subcommand, tell } from "./lib/program.js";
import { projectOf } from "./lib/project.js";
import { pseudonyms } from "./lib/pseudonyms.js";
import { guard } from "./lib/run.js";
import { DEFAULT_PORT, localAddress } from "./lib/service.js";
import { accountsDatabase } from "./lib/stores.js";
import { workerOf } from "./lib/worker.js";

/** @type {import("./lib/program.js").Register} */
export const pseudonym = (program) =>
  void subcommand(
    program,
    "pseudonym",
    "Shows what stands for an email address or an IP address in the log.",
  )
    .argument("<email or IP address>")
    .option("--remote", "in the log of the deployed service; without it, in that of this machine")
    .option("--env <name>", "an environment of the configuration, such as staging")
    .option("--port <number>", `the port of the local service; ${DEFAULT_PORT} by default`)
    .action(runPseudonym);

/**
 * @param {string} text
 * @param {{ json?: boolean, remote?: boolean, env?: string, port?: string }} options
 */
async function runPseudonym(text, options) {
  guard();
  const project = projectOf();
  const environment = chosenEnvironment(options.env) || undefined;
  if (options.remote && options.port !== undefined)
    throw new Advice("--port is for the local service: leave it out with --remote.");
  const found = options.remote
    ? await remote(project, environment, text)
    : local(project, environment, text, options);
  const lines = found.map(
    (each, n) =>
      `${each}  ${n === 0 ? "now" : `while secret ${n + 1} of TICKET_SECRET was the first`}`,
  );
  tell(options, { pseudonyms: found }, lines.join("\n"));
}

/**
 * @param {import("./lib/project.js").Project} project
 * @param {string | undefined} environment
 * @param {string} text
 * @param {{ port?: string }} options
 */
function local(project, environment, text, options) {
  const file = devVarsOf(project, environment);
  const { TICKET_SECRET: secret, ISSUER: set } = parseEnv(textOf(file));
  const issuer = set ?? localAddress(options);
  if (!secret)
    throw new Advice(
      `TICKET_SECRET is missing in ${basename(file)}. Run \`npm start\` once to create it, or add --remote for the deployed service.`,
    );
  return pseudonyms(text, secret, issuer);
}

/**
 * Asks the deployed service, because this machine might not have the service's secret.
 *
 * @param {import("./lib/project.js").Project} project
 * @param {string | undefined} environment
 * @param {string} text
 * @returns {Promise<string[]>}
 */
async function remote(project, environment, text) {
  const config = await project.config(environment);
  const cloudflare = await cloudflareOf(project, config);
  const origin = (await workerOf(cloudflare, config))?.variables.ISSUER;
  if (!origin)
    throw new Advice(`there is no Worker ${config.name}: deploy it first, by \`edgegate deploy\`.`);
  const database = await accountsDatabase(cloudflare, config);
  const asked = isIP(text) ? { ip: text } : { email: text };
  return asOperator({ cloudflare, database, origin, scope: "pseudonyms" }, async (ask) => {
    const answer = await ask("POST", "/auth/operator/pseudonyms", asked);
    requireStatus(answer, [200], text);
    return answer.body.pseudonyms;
  });
}
