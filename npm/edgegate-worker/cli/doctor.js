// `edgegate doctor`: looks for what is wrong with a service, and says what to do.
import { existsSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { isDeepStrictEqual, parseEnv } from "node:util";
import { listed, ok, problem, skipped, warning } from "./lib/checks.js";
import { cloudflareOf } from "./lib/cloudflare.js";
import { chosenEnvironment } from "./lib/config.js";
import { readRecord, readSecrets, secretsFile } from "./lib/deploy-secrets.js";
import { judge, requiredSecrets, templateNamesProblem } from "./lib/deployment.js";
import { devVarsOf, textOf } from "./lib/dev-vars.js";
import { RESOLVER, textRecords } from "./lib/dns.js";
import { unhealthy } from "./lib/health.js";
import { fetchKeys, idsIn, signingIds } from "./lib/jwks.js";
import { localSettings } from "./lib/local.js";
import { checkMailDomain } from "./lib/mail-domain.js";
import { CHECKER, DEFAULTS, inPackage, isPacked } from "./lib/package.js";
import { platformLogsProblem } from "./lib/platform-logs.js";
import { subcommand, tell } from "./lib/program.js";
import { projectOf } from "./lib/project.js";
import { lacksOf } from "./lib/required.js";
import { guard } from "./lib/run.js";
import { checkSecrets } from "./lib/secret-checks.js";
import { told } from "./lib/settings.js";
import { accountsDatabase } from "./lib/stores.js";
import { workerOf } from "./lib/worker.js";

/**
 * If this machine's clock differs from the correct time by more than this, it is reported. A token
 * is rejected if its time of issue is further in the future than this (FUTURE_SKEW_SECONDS in
 * crates/token).
 */
const CLOCK_SECONDS = 60;
const LOCAL_ISSUER = "http://127.0.0.1:8787";

/**
 * @typedef {{ json?: boolean, env?: string, remote?: boolean, resolver: string, dkim?: string }} Options
 * @typedef {import("./lib/checks.js").Check} Check
 */

/** @type {import("./lib/program.js").Register} */
export const doctor = (program) =>
  void subcommand(
    program,
    "doctor",
    "Looks for what is wrong with the service, and says what to do.",
  )
    .option("--remote", "checks the deployed service; without it, that of this machine")
    .option("--env <name>", "an environment of the configuration, such as staging")
    .option("--resolver <url>", "the resolver of DNS over HTTPS", RESOLVER)
    .option("--dkim <selector>", "the selector of your DKIM key, if your mail provider chose it")
    .action(runDoctor);

/** @param {Options} options */
async function runDoctor(options) {
  guard();
  const project = projectOf();
  const environment = chosenEnvironment(options.env) || undefined;
  const checks = await (options.remote ? checkRemote : checkLocal)(project, environment, options);
  const problems = checks.filter(({ status }) => status === "problem");
  tell(options, { ok: problems.length === 0, checks }, listed(checks));
  if (problems.length > 0) process.exitCode = 1;
}

/**
 * Checks the service that runs on this machine for development.
 *
 * @param {import("./lib/project.js").Project} project
 * @param {string | undefined} environment
 * @param {Options} options
 * @returns {Promise<Check[]>}
 */
async function checkLocal(project, environment, options) {
  const file = devVarsOf(project, environment);
  const name = basename(file);
  const settings = await localSettings({
    read: () => project.config(environment, { envFiles: [file] }),
    ...{ path: project.path, shownPath: project.name, files: [file], environment },
    ...{ vars: new Map(), issuer: LOCAL_ISSUER, checker: CHECKER },
  });
  const { config } = settings;
  const faults = existsSync(file) ? await settings.faults() : [];
  const values = parseEnv(textOf(file));
  return [
    ...(existsSync(file)
      ? settingChecks(
          faults.length === 0 ? [] : [told(faults, settings.context).trim()],
          `${project.name} and ${name}`,
        )
      : [warning("settings", `there is no ${name}`, "Run `npm start`: it makes one.")]),
    ...checkSecrets({ place: name, values }, deployedPlaces(project, config, undefined)),
    ...bindingChecks(config, environment),
    ...firstDeployChecks(project, config, environment),
    ...(await outsideChecks(config, options)),
  ];
}

/**
 * Finds what the operator should correct before the first deploy: the logs, and, if this machine
 * has no record of a deploy, the names of the stores.
 *
 * @param {import("./lib/project.js").Project} project
 * @param {import("./lib/config.js").Config} config
 * @param {string | undefined} environment
 */
function* firstDeployChecks(project, config, environment) {
  const logs = platformLogsProblem(config, project.name);
  if (logs) yield warning("logs", logs, `"observability" of the template is right: ${DEFAULTS}`);
  const isDeployed = readRecord(project, environment).account !== undefined;
  const names = isDeployed ? undefined : templateNamesProblem(config, project.name);
  if (names)
    yield warning("names", names, "After a deploy, leave them: other names are other stores.");
}

/**
 * Checks the deployed service.
 *
 * @param {import("./lib/project.js").Project} project
 * @param {string | undefined} environment
 * @param {Options} options
 * @returns {Promise<Check[]>}
 */
async function checkRemote(project, environment, options) {
  const config = await project.config(environment, { withOthers: true });
  const cloudflare = await cloudflareOf(project, config);
  const worker = await workerOf(cloudflare, config);
  if (!worker)
    return [
      problem(
        "Worker",
        `there is no Worker ${config.name} in account ${cloudflare.account}`,
        "Run `npm run deploy`.",
      ),
    ];
  const copies = readSecrets(project, environment);
  const file = secretsFile(environment);
  const issuer = worker.variables.ISSUER;
  const judged = await judge({
    ...{ config, others: config.others, environment, checker: CHECKER, stored: worker.secrets },
    // The first deploy writes ISSUER into the project's configuration file. If this copy of the
    // project still lacks ISSUER, for example because another person made the first deploy, the
    // ISSUER of the deployed Worker is used.
    vars: new Map(config.vars.ISSUER === undefined && issuer ? [["ISSUER", issuer]] : []),
    ...{ path: project.path, file: project.name },
  });
  const found = [...(judged.issuer ? [judged.issuer] : []), ...judged.problems];
  return [
    ok("Worker", `${config.name} in account ${cloudflare.account}`),
    ...settingChecks(found, project.name),
    ...judged.notes.map((note) => warning("settings", note, "See docs/options.md.")),
    ...storedChecks(config, worker, copies, file),
    ...checkSecrets({ place: file, values: copies }, otherPlaces(project, config, environment)),
    ...bindingChecks(config, environment),
    await migrationCheck(project, cloudflare, config),
    ...(await serviceChecks(issuer, copies.SIGNING_KEYS)),
    ...(await outsideChecks(config, options)),
  ];
}

/**
 * @param {string[]} problems
 * @param {string} where
 */
const settingChecks = (problems, where) =>
  problems.length === 0
    ? [ok("settings", `those in ${where} are valid`)]
    : problems.map((text) => problem("settings", text, "Correct it."));

/**
 * @param {import("./lib/config.js").Config} config
 * @param {import("./lib/worker.js").DeployedWorker} worker
 * @param {Record<string, string>} copies
 * @param {string} file
 */
function* storedChecks(config, worker, copies, file) {
  const required = requiredSecrets(config);
  const missing = required.filter((name) => !worker.secrets.includes(name));
  if (missing.length > 0)
    yield problem(
      "secrets",
      `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not stored`,
      `Put your copy into ${file} and run \`npm run deploy\`.`,
    );
  else yield ok("secrets", `${required.join(" and ")} are stored`);
  const lost = required.filter((name) => !(name in copies));
  if (lost.length > 0)
    yield warning(
      "secrets",
      `${file} has no copy of ${lost.join(", ")}, and Cloudflare shows none`,
      "Put your copy there before you rotate them.",
    );
}

/**
 * The secrets that this machine has for local development and for all environments except
 * `environment`.
 *
 * @param {import("./lib/project.js").Project} project
 * @param {import("./lib/config.js").Config} config
 * @param {string | undefined} environment
 */
const otherPlaces = (project, config, environment) => [
  { place: ".dev.vars", values: parseEnv(textOf(project.inProject(".dev.vars"))) },
  ...deployedPlaces(project, config, environment ?? ""),
];

/**
 * @param {import("./lib/project.js").Project} project
 * @param {import("./lib/config.js").Config} config
 * @param {string | undefined} except an environment to leave out; "" is production
 */
const deployedPlaces = (project, { definedEnvironments = [] }, except) =>
  ["", ...definedEnvironments]
    .filter((name) => name !== except)
    .map((name) => ({
      place: secretsFile(name || undefined),
      values: readSecrets(project, name || undefined),
    }));

/**
 * @param {import("./lib/config.js").Config} config
 * @param {string | undefined} environment
 */
function bindingChecks(config, environment) {
  const lacks = lacksOf(config, config.topLevelName ?? config.name ?? "", environment);
  if (lacks.length === 0) return [ok("bindings", "all that this version uses are there")];
  return lacks.map(({ what, why, optional }) =>
    (optional ? warning : problem)(
      "bindings",
      `${what} is missing: ${why}`,
      `\`npx edgegate upgrade${optional ? " --optional" : ""}\` adds it.`,
    ),
  );
}

/**
 * @param {import("./lib/project.js").Project} project
 * @param {import("./lib/cloudflare.js").Cloudflare} cloudflare
 * @param {import("./lib/config.js").Config} config
 */
async function migrationCheck(project, cloudflare, config) {
  const id = await accountsDatabase(cloudflare, config);
  const folder = isPacked ? inPackage("migrations") : project.inProject("migrations");
  const wanted = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  const [tables] = await cloudflare.post(`/d1/database/${id}/query`, {
    sql: "SELECT name FROM sqlite_master WHERE name = 'd1_migrations'",
  });
  const [applied] =
    tables.results.length === 0
      ? [{ results: [] }]
      : await cloudflare.post(`/d1/database/${id}/query`, {
          sql: "SELECT name FROM d1_migrations",
        });
  const names = applied.results.map((/** @type {{ name: string }} */ { name }) => name);
  const missing = wanted.filter((name) => !names.includes(name));
  return missing.length === 0
    ? ok("migrations", `all ${wanted.length} are applied`)
    : problem("migrations", `${missing.join(", ")} are not applied`, "Run `npm run deploy`.");
}

/**
 * Checks what the service answers: its health, its public keys and its clock.
 *
 * @param {string | undefined} issuer
 * @param {string | undefined} copy the SIGNING_KEYS that are stored on this machine
 */
async function serviceChecks(issuer, copy) {
  if (!issuer) return [problem("ISSUER", "the deployed Worker has none", "Run `npm run deploy`.")];
  const trouble = await unhealthy(issuer, 0);
  if (trouble)
    return [
      problem(
        "health",
        `${issuer}/healthz answers ${trouble}`,
        "`npx wrangler tail` shows what the Worker logs.",
      ),
    ];
  const health = ok("health", `${issuer}/healthz is well`);
  const published = await fetchKeys(issuer).catch(({ message }) => message);
  if (typeof published === "string")
    return [
      health,
      problem("JWKS", published, "Programs that verify tokens can't get the keys. Run it again."),
    ];
  const { keys, leaked, date } = published;
  return [health, ...clockChecks(date, issuer), ...keyChecks(keys, leaked, copy)];
}

/**
 * @param {{ kid: string, kty: string }[]} keys
 * @param {string[]} leaked
 * @param {string | undefined} copy
 */
function* keyChecks(keys, leaked, copy) {
  const ids = keys.map(({ kid }) => kid);
  if (leaked.length > 0)
    yield problem(
      "JWKS",
      `the keys ${leaked.join(", ")} show their private half`,
      'Replace SIGNING_KEYS at once: docs/operations.md, "After a leak".',
    );
  if (new Set(ids).size < ids.length)
    yield problem("JWKS", "two keys have the same kid", "Give each key a kid of its own.");
  if (!copy) {
    yield ok("JWKS", `${ids.length} public keys: ${ids.join(", ")}`);
    return;
  }
  const published = idsIn(copy).filter(({ isPublished }) => isPublished);
  const own = published.map(({ kid }) => kid);
  // The order is compared too, because it says which key signs.
  const theirs = signingIds(keys);
  yield isDeepStrictEqual(own, theirs)
    ? ok("JWKS", `its ${theirs.length} public keys are those of the copy`)
    : warning(
        "JWKS",
        `the service has the keys ${theirs.join(", ")}, and the copy has ${own.join(", ")}`,
        "After a change of SIGNING_KEYS it takes some seconds. Otherwise the copy is not what is stored: find the right one before you rotate.",
      );
}

/**
 * @param {string | null | undefined} date the header `Date` of an answer
 * @param {string} whose
 */
function clockChecks(date, whose) {
  if (!date) return [];
  const seconds = Math.round((Date.now() - Date.parse(date)) / 1000);
  return Math.abs(seconds) <= CLOCK_SECONDS
    ? [ok("clock", `this machine's is right, compared with ${new URL(whose).host}`)]
    : [
        warning(
          "clock",
          `this machine's is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead" : "behind"}, compared with ${new URL(whose).host}`,
          "Set it right: programs on this machine would reject valid tokens, or accept expired ones.",
        ),
      ];
}

/**
 * Checks that send requests to servers on the internet. They check the DNS records of the mail
 * domain. For the local service, they also compare this machine's clock with a server's clock.
 *
 * @param {import("./lib/config.js").Config} config
 * @param {Options} options
 */
async function outsideChecks({ vars }, { resolver, dkim, remote }) {
  const provider = text(vars.MAIL_PROVIDER);
  const from = text(vars.MAIL_FROM);
  const { checks, date } = await checkMailDomain({ provider, from, selector: dkim, resolver });
  if (remote) return checks;
  const known = date ?? (await dateOf(resolver));
  return [
    ...checks,
    ...(known ? clockChecks(known, resolver) : [skipped("clock", "this machine is offline")]),
  ];
}

/** @param {string} resolver */
async function dateOf(resolver) {
  try {
    return (await textRecords(resolver, "example.com")).date;
  } catch {
    return undefined;
  }
}

/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : undefined);
