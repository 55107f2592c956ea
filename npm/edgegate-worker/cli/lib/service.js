// Subcommands that send requests to a service: with --remote to the deployed service, otherwise to
// the service that runs on this machine.
import { Advice } from "./advice.js";
import { cloudflareOf } from "./cloudflare.js";
import { chosenEnvironment } from "./config.js";
import { requireConfirmation } from "./confirm.js";
import { unhealthy } from "./health.js";
import { asOperator, requireStatus, withTickets } from "./operator.js";
import { subcommand } from "./program.js";
import { projectOf } from "./project.js";
import { guard, run } from "./run.js";
import { accountsDatabase } from "./stores.js";
import { readPort } from "./variables.js";
import { workerOf } from "./worker.js";
import { wrangler } from "./wrangler.js";

export const DEFAULT_PORT = 8787;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * @typedef {{ json?: boolean, remote?: boolean, env?: string, port?: string, persistTo?: string,
 *   yes?: boolean }} ServiceOptions
 * @typedef {import("./operator.js").Ask} Ask
 */

/**
 * Makes a subcommand that sends requests to a service.
 *
 * @param {import("commander").Command} program
 * @param {string} name
 * @param {string} description
 * @param {{ changes?: boolean }} [options] `changes`: it asks before it changes a deployed service
 */
export function serviceCommand(program, name, description, { changes = false } = {}) {
  const command = subcommand(program, name, description)
    .option("--remote", "the deployed service; without it, the one that runs on this machine")
    .option("--env <name>", "an environment of the configuration, such as staging")
    .option("--port <number>", `the port of the local service; ${DEFAULT_PORT} by default`)
    .option("--persist-to <folder>", "where the local service stores its accounts");
  if (changes)
    command.option("--yes", "does not ask; with --remote needed where there is no terminal");
  return command;
}

/**
 * Calls `use` with a function that sends requests to the service as its operator. `change` says
 * what is about to change. For a deployed service, the person has to confirm it.
 *
 * @template T
 * @param {ServiceOptions} options
 * @param {{ scope: string, change?: string }} what
 * @param {(ask: Ask) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withService(options, { scope, change }, use) {
  guard();
  const project = projectOf();
  const environment = chosenEnvironment(options.env) || undefined;
  if (!options.remote) {
    const origin = await localOrigin(options);
    const query = localDatabase(project, environment, options.persistTo);
    return withTickets({ query, origin, scope, isKept: true }, use);
  }
  if (options.port !== undefined || options.persistTo !== undefined)
    throw new Advice(
      "--port and --persist-to are for the local service: leave them out with --remote.",
    );
  const config = await project.config(environment);
  const cloudflare = await cloudflareOf(project, config);
  const origin = (await workerOf(cloudflare, config))?.variables.ISSUER;
  if (!origin)
    throw new Advice(`there is no Worker ${config.name}: deploy it first, by \`edgegate deploy\`.`);
  const database = await accountsDatabase(cloudflare, config);
  if (change) await requireConfirmation(`${change} At ${origin}?`, { yes: options.yes });
  return asOperator({ cloudflare, database, origin, scope }, use);
}

/**
 * Where the local service answers. This is also its ISSUER, unless ISSUER is set.
 *
 * @param {{ port?: string }} options
 */
export const localAddress = (options) =>
  `http://127.0.0.1:${readPort(options.port ?? (process.env.PORT || DEFAULT_PORT), "--port 8788")}`;

/** @param {ServiceOptions} options */
async function localOrigin(options) {
  const origin = localAddress(options);
  const trouble = await unhealthy(origin, 0);
  if (trouble)
    throw new Advice(
      `no service answers at ${origin}: ${trouble}. Start it by \`npm start\`, or add --remote for the deployed one.`,
    );
  return origin;
}

/**
 * Runs SQL statements in the database of local development, by `wrangler d1 execute`. The
 * parameters are hashes and scopes, which need no escaping and are not secret.
 *
 * @param {import("./project.js").Project} project
 * @param {string | undefined} environment
 * @param {string | undefined} state
 * @returns {import("./operator.js").Query}
 */
const localDatabase =
  (project, environment, state) =>
  async (sql, ...params) => {
    const statement = sql.replace(/\?(\d)/g, (_, n) => `'${params[Number(n) - 1]}'`);
    const [command, args, options] = wrangler(
      project,
      ...["d1", "execute", "DB", "--local", `--env=${environment ?? ""}`, "--json", "--yes"],
      ...(state === undefined ? [] : ["--persist-to", state]),
      ...["--command", statement],
    );
    const { code, stdout, stderr } = await run(command, args, { ...options, capture: true });
    if (code !== 0)
      throw new Advice(
        `the local database returned an error: ${(stderr + stdout).trim()}\nRun \`npm start\` once: it makes the database.`,
      );
  };

/**
 * The account with this email address or id. Throws if there is none.
 *
 * @param {Ask} ask with the scope `users:read`
 * @param {string} given
 * @returns {Promise<User>}
 */
export async function findUser(ask, given) {
  if (UUID.test(given)) {
    const answer = await ask("GET", `/auth/users/${given.toLowerCase()}`);
    if (answer.status === 404) throw new Advice(`no account has the id ${given}.`);
    requireStatus(answer, [200], given);
    return answer.body;
  }
  const answer = await ask("GET", `/auth/users?email=${encodeURIComponent(given)}`);
  requireStatus(answer, [200], given);
  const [user] = answer.body.users;
  if (!user) throw new Advice(`no account has the address ${given}.`);
  return user;
}

/**
 * An account, as the service's API returns it to administrators.
 *
 * @typedef {{ id: string, email: string, email_verified: boolean, first_name: string | null,
 *   last_name: string | null, roles: string[], disabled: boolean, created_at: number,
 *   updated_at: number }} User
 */

/** @param {number} seconds since 1970 */
export const timeOf = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
