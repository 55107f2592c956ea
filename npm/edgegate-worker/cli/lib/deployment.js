// The checks of a deployment before anything is uploaded.
import { Advice } from "./advice.js";
import { secretsFile as fileOf } from "./deploy-secrets.js";
import { issuerProblem } from "./issuer.js";
import { fromConfig, fromEnvFile, fromOptions, tableOf } from "./places.js";
import { platformLogsProblem } from "./platform-logs.js";
import { NAME as TEMPLATE } from "./required.js";
import { bindingsOf, faultsOf, heading, SECRETS, told } from "./settings.js";

// The names that Cloudflare accepts.
const WORKER_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const QUEUE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** @typedef {import("wrangler").Unstable_Config} Config */

/**
 * Checks a configuration and the names in it, without asking Cloudflare. In the result,
 * `takesAddress` says that ISSUER is not set and will be the Worker's address at workers.dev.
 * `issuer` says what is wrong with ISSUER. It is null if ISSUER is valid, or if `takesAddress` is
 * true.
 *
 * @param {object} given
 * @param {Config} given.config
 * @param {Config[]} [given.others] the other environments
 * @param {string} given.path the absolute path of the configuration file
 * @param {string} [given.file] the name of the configuration file in messages
 * @param {string} [given.environment]
 * @param {Map<string, string>} [given.vars] the variables from the command line (`--var`)
 * @param {{ path: string, values: Record<string, unknown> }[]} [given.files] files of secrets
 * @param {string[]} [given.stored] the names of the secrets that Cloudflare stores. Their values
 *   can't be read, and are assumed to be valid
 * @param {string[]} [given.made] the names of secrets that will be made
 * @param {string} [given.secretsFile] the file from which this deploy will store secrets
 * @param {string} given.checker the Worker's check.js
 * @returns {Promise<{ issuer: string | null, takesAddress: boolean, problems: string[],
 *   notes: string[] }>}
 */
export async function judge(given) {
  const { config, others = [], path, file, environment, checker } = given;
  const { vars = new Map(), files = [], stored = [], made = [], secretsFile } = given;
  const bindings = bindingsOf(config);
  const sources = [
    fromOptions(vars),
    ...files.map(({ path, values }) => fromEnvFile(path, values)),
    fromConfig(path, config.vars, environment),
  ];
  const context = { sources, environment, local: false, path: file, secretsFile };
  const set = vars.get("ISSUER") ?? config.vars.ISSUER;
  const takesAddress = set === undefined && answersAtWorkersDev(config);
  const issuer = takesAddress ? null : issuerProblem(set, tableOf(environment), file);
  const known = [...new Set([...stored, ...made])];
  const judged = takesAddress
    ? [...sources, { values: { ISSUER: "https://worker.example" }, place: () => "" }]
    : sources;
  const flags = config.compatibility_flags;
  const found = await faultsOf({ sources: judged, bindings, flags, stored: known, checker });
  const faults = found.filter(
    ({ setting, misspelt }) => !(issuer && setting === "ISSUER" && !misspelt),
  );
  const problems = [
    ...nameProblems(config, others, file),
    ...inheritedRoutes(config, others, environment, file),
    ...readableSecrets({ vars, config, path, environment }),
  ];
  if (faults.length > 0) problems.push(`${heading(faults)}\n\n${told(faults, context)}`);
  const routes = routeProblem(config, set, file);
  if (!issuer && routes) problems.push(routes);
  return { issuer, takesAddress, problems, notes: [...advice({ config, vars, bindings, file })] };
}

/**
 * Finds secrets that are set as plain variables. Other people could read such a variable:
 * Cloudflare shows variables to everybody who can see the Worker, and other users of the machine
 * can see the command line.
 *
 * @param {{ vars: Map<string, string>, config: Config, path: string, environment?: string }} given
 */
function* readableSecrets({ vars, config, path, environment }) {
  for (const { values, place } of [fromOptions(vars), fromConfig(path, config.vars, environment)])
    for (const name of Object.keys(SECRETS).filter((each) => each in values))
      yield `${name} is a secret, and is set ${place(name)}: a variable can be read by others. Take it out there, and put it into ${fileOf(environment)}, as in {"${name}": "…"}. If others have seen it, replace it.`;
}

/**
 * Whether the Worker answers at an address of workers.dev.
 *
 * @param {Pick<Config, "workers_dev" | "routes" | "route">} config
 */
export const answersAtWorkersDev = ({ workers_dev, routes, route }) =>
  workers_dev ?? (route === undefined && (routes ?? []).length === 0);

/**
 * Finds names that Cloudflare would reject, and names that two environments share. If two
 * environments name the same database or queue, each of them would use the accounts or mails of the
 * other.
 *
 * @param {Config} config
 * @param {Config[]} others
 * @param {string} [file]
 */
function* nameProblems(config, others, file = "wrangler.toml") {
  const { name = "" } = config;
  if (!WORKER_NAME.test(name))
    yield `the name "${name}" in ${file} can't be a Worker's: use 1 to 63 of the characters a-z, 0-9 and -, with a letter or digit at both ends.`;
  for (const queue of queuesOf(config))
    if (!QUEUE_NAME.test(queue))
      yield `the queue "${queue}" in ${file} can't have this name: use 1 to 63 of the characters a-z, 0-9 and -, with a letter or digit at both ends.`;
  for (const other of others) {
    const shared = storesOf(config).filter((store) => storesOf(other).includes(store));
    if (shared.length > 0)
      yield `${shared.join(" and ")} in ${file} belong${shared.length === 1 ? "s" : ""} to the Worker ${other.name} too: give each environment stores of its own, or their accounts and mails get mixed.`;
  }
}

/** @param {Config} config */
const storesOf = (config) => [
  ...(config.d1_databases ?? []).flatMap(({ database_name, database_id }) => [
    ...(database_name ? [`the database "${database_name}"`] : []),
    ...(database_id ? [`the database ${database_id}`] : []),
  ]),
  ...(config.kv_namespaces ?? []).flatMap(({ id }) => (id ? [`the KV namespace ${id}`] : [])),
  ...queuesOf(config).map((queue) => `the queue "${queue}"`),
];

/**
 * Returns a message if stores still have the names of the template, otherwise undefined. Stores
 * have these names if the project was made with create-cloudflare, which renames only the Worker.
 *
 * @param {Config} config
 * @param {string} file the name of the configuration file in messages
 */
export function templateNamesProblem(config, file) {
  const name = config.topLevelName ?? config.name ?? "";
  const isLeft = (/** @type {string | undefined} */ store = "") =>
    store === TEMPLATE || (store.startsWith(`${TEMPLATE}-`) && !store.startsWith(name));
  if (name === TEMPLATE) return undefined;
  const left = [
    ...(config.d1_databases ?? []).map(({ database_name }) => database_name),
    ...queuesOf(config),
  ].filter(isLeft);
  if (left.length === 0) return undefined;
  return `the Worker is "${name}", but ${[...new Set(left)].join(", ")} in ${file} still have the template's names. A second service that is made in this way could not have stores of its own. Before the first deploy, replace each ${TEMPLATE} in ${file} with ${name}, and each namespace_id with a number that is unique in your account.`;
}

/**
 * The names of all queues that a configuration uses.
 *
 * @param {Pick<Config, "queues">} config
 * @returns {string[]}
 */
export function queuesOf({ queues }) {
  const names = [...(queues?.producers ?? []), ...(queues?.consumers ?? [])].flatMap((entry) => [
    entry.queue,
    "dead_letter_queue" in entry ? entry.dead_letter_queue : undefined,
  ]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/**
 * Returns a message if the routes show that the Worker would not answer at ISSUER, otherwise
 * undefined.
 *
 * @param {Config} config
 * @param {unknown} issuer
 * @param {string} [file]
 */
function routeProblem(config, issuer, file = "wrangler.toml") {
  const { routes = [], route } = config;
  const all = route === undefined ? routes : [...routes, route];
  const hosts = all.map(hostOf);
  if (hosts.length === 0 || typeof issuer !== "string") return undefined;
  const { hostname } = new URL(issuer);
  if (hosts.includes(hostname)) return undefined;
  if (answersAtWorkersDev(config) && hostname.endsWith(".workers.dev")) return undefined;
  // If the host of a route contains a wildcard, it is possible that the route matches ISSUER. So
  // the route is accepted.
  if (hosts.some((host) => host.includes("*"))) return undefined;
  return `ISSUER is ${JSON.stringify(issuer)}, but "routes" in ${file} has only ${hosts.map((host) => `"${host}"`).join(", ")}: clients would look for the service where it does not answer. Make them the same host.`;
}

/** @param {string | { pattern: string }} route */
const hostOf = (route) =>
  (typeof route === "string" ? route : route.pattern)
    .replace(/^https?:\/\//, "")
    .replace(/\/.*/, "");

/**
 * Finds routes of an environment that another Worker of the configuration has too. Unlike variables
 * and bindings, an environment inherits the routes of the top level. wrangler would take a custom
 * domain from the other Worker without asking, because it gets no input here. Then the users of that
 * domain would get the accounts and keys of this Worker.
 *
 * @param {Config} config
 * @param {Config[]} others
 * @param {string} [environment]
 * @param {string} [file]
 */
function* inheritedRoutes(config, others, environment, file = "wrangler.toml") {
  if (!environment) return;
  const none = file.endsWith(".toml")
    ? "routes = [] and workers_dev = true"
    : '"routes": [] and "workers_dev": true';
  // wrangler inherits a single route even if the environment has a list of routes.
  const hint = config.route === undefined ? "" : ' At the top, write "route" as "routes" first.';
  for (const other of others) {
    const shared = patternsOf(config).filter((pattern) => patternsOf(other).includes(pattern));
    if (shared.length > 0)
      yield `the route ${shared.map((pattern) => `"${pattern}"`).join(", ")} in ${file} belongs to the Worker ${other.name} too: an environment inherits "routes". Two Workers can't have the same route, and with a custom domain this deploy would take it away. Give env.${environment} routes of its own, or ${none} for none.${hint}`;
  }
}

/** @param {Pick<Config, "routes" | "route">} config */
const patternsOf = ({ routes = [], route }) =>
  (route === undefined ? routes : [...routes, route]).map((each) =>
    typeof each === "string" ? each : each.pattern,
  );

/**
 * Finds settings that are valid, but rarely work as intended.
 *
 * @param {{ config: Config, vars: Map<string, string>, bindings: string[], file?: string }} given
 */
function* advice({ config, vars, bindings, file = "wrangler.toml" }) {
  const isToml = file.endsWith(".toml");
  const example = isToml ? "as in wrangler.toml" : "as in the template";
  if (!config.vars.MAIL_PROVIDER && !vars.has("MAIL_PROVIDER"))
    yield "MAIL_PROVIDER is not set: registering and forgotten passwords will answer 500 misconfigured.";
  const limiters = ["IP_LIMITER", "ACCOUNT_LIMITER", "RENEWAL_LIMITER"];
  const unbound = limiters.filter((name) => !bindings.includes(name));
  if (unbound.length > 0)
    yield `${unbound.join(", ")} ${unbound.length === 1 ? "is" : "are"} not bound, so nothing limits how often a client may try. Add ${isToml ? "[[ratelimits]]" : '"ratelimits"'} ${example}; an environment inherits none.`;
  if (!bindings.includes("MAIL_QUEUE"))
    yield "MAIL_QUEUE is not bound, so each mail is sent after its response, which then takes longer for an address that has an account.";
  const logs = platformLogsProblem(config, file);
  if (logs) yield logs;
}

/**
 * Whether this command can make the secret's value. The operator must provide the other secrets:
 * for example, a mail provider gives out its API key.
 *
 * @param {string} name
 */
export const isMade = (name) => name === "SIGNING_KEYS" || name === "TICKET_SECRET";

/**
 * The names of the secrets that every service needs, and of those that the configuration declares
 * as required.
 *
 * @param {Config} config
 */
export const requiredSecrets = ({ secrets }) => [
  ...new Set(["SIGNING_KEYS", "TICKET_SECRET", ...(secrets?.required ?? [])]),
];

/**
 * A fresh value of a secret.
 *
 * @param {string} name
 */
export function freshSecret(name) {
  const make = SECRETS[name];
  if (!isMade(name) || !make)
    throw new Advice(`${name} can't be made: it comes from somebody else.`);
  return make();
}
