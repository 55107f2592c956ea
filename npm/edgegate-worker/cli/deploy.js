// `edgegate deploy`: deploys the service in a project's folder to Cloudflare, with one command.
// Each step first checks what an earlier run has already done, so the command can be repeated after
// a failure at any step. The Worker is uploaded last, together with its secrets, so it never runs
// without them.
import { Advice } from "./lib/advice.js";
import { cloudflareOf } from "./lib/cloudflare.js";
import { chosenEnvironment } from "./lib/config.js";
import { setInProject } from "./lib/config-edit.js";
import { askFirstAdmin, requireConfirmation } from "./lib/confirm.js";
import { addSecrets, alone, readSecrets, secretsFile, withUpload } from "./lib/deploy-secrets.js";
import {
  freshSecret,
  isMade,
  judge,
  requiredSecrets,
  templateNamesProblem,
} from "./lib/deployment.js";
import { makeAdmin } from "./lib/first-admin.js";
import { unhealthy } from "./lib/health.js";
import { asOperator } from "./lib/operator.js";
import { CHECKER, isPacked } from "./lib/package.js";
import { firstOf, refuseLostOptions } from "./lib/passed-on.js";
import { prepareProject } from "./lib/prepare.js";
import { deployedCommand, tell } from "./lib/program.js";
import { projectOf } from "./lib/project.js";
import { listed, requiredLacks } from "./lib/required.js";
import { guard, run } from "./lib/run.js";
import { SECRETS } from "./lib/settings.js";
import { accountsDatabase, makeStores, refuseForeign, storesOf } from "./lib/stores.js";
import { readVariable } from "./lib/variables.js";
import { workerOf } from "./lib/worker.js";
import { wrangler } from "./lib/wrangler.js";

const HEALTH_SECONDS = 60;
const SECRETS_FILE = "--secrets-file";
/**
 * Options of wrangler that this command rejects after the `--`. They change what is deployed or
 * where it is deployed. This command must know both, so it does not pass such options on to
 * wrangler.
 */
const KNOWN_HERE = [
  ...["--env", "-e", "--e", "--config", "-c", "--c", "--cwd"],
  ...["--name", "--dry-run", "--var", SECRETS_FILE],
];

/**
 * @typedef {{ json?: boolean, env?: string, var?: string[], yes?: boolean, adopt?: boolean,
 *   dryRun?: boolean, newSecrets?: boolean, wait: string, admin?: string }} Options
 */

/** @type {import("./lib/program.js").Register} */
export const deploy = (program) =>
  void deployedCommand(
    program,
    "deploy",
    "Deploys the service: stores, secrets, migrations and Worker.",
  )
    .option("--var <NAME:value...>", "a setting for this deploy")
    .option("--dry-run", "checks everything and changes nothing")
    .option("--yes", "does not ask; needed where there is no terminal")
    .option("--adopt", "uses a Worker, a database or queues that this command has not made")
    .option(
      "--new-secrets",
      "makes the secrets that a deployed Worker has lost; everyone is signed out",
    )
    .option("--admin <email>", "makes this person an administrator, by a link that is printed")
    .option("--wait <seconds>", "how long to wait for the service to answer", `${HEALTH_SECONDS}`)
    .argument("[options...]", "options of `wrangler deploy`, after --")
    .action(runDeploy);

/**
 * @param {string[]} more options of `wrangler deploy`
 * @param {Options} options
 * @param {import("commander").Command} command
 */
async function runDeploy(more, options, command) {
  guard();
  refuseLostOptions(more, { script: "npm run deploy", options: command.options });
  const project = projectOf();
  const environment = chosenEnvironment(options.env) || undefined;
  const say = options.json ? console.error : console.log;
  const given = readOptions(more, options);
  const checked = await checkOffline(project, environment, given.vars);
  const result = await alone(project, environment, () =>
    deployChecked({ project, environment, options, say, more, ...given, ...checked }),
  );
  tell(options, result, options.dryRun ? "▸ Nothing was changed." : told(result, environment));
}

/**
 * @param {string[]} more
 * @param {Options} options
 */
function readOptions(more, options) {
  const own = firstOf(more, KNOWN_HERE);
  if (own)
    throw new Advice(
      firstOf([own], [SECRETS_FILE])
        ? `put the secrets into the file from which \`edgegate deploy\` takes them, ${secretsFile(undefined)}, instead of ${own}.`
        : `write ${own} before the --, or leave it out: this command has to know what is deployed.`,
    );
  const wait = Number(options.wait);
  if (!Number.isFinite(wait) || wait < 0)
    throw new Advice(`--wait is "${options.wait}": use a number of seconds.`);
  return { wait, vars: new Map((options.var ?? []).map(readVariable)) };
}

/**
 * Step 1: checks the configuration, without asking Cloudflare.
 *
 * @param {import("./lib/project.js").Project} project
 * @param {string | undefined} environment
 * @param {Map<string, string>} vars
 */
async function checkOffline(project, environment, vars) {
  const config = await project.config(environment, { withOthers: true });
  const secrets = readSecrets(project, environment);
  const judged = await judge({
    ...{ config, others: config.others, environment, vars, checker: CHECKER },
    ...{ path: project.path, file: project.name },
    files: [{ path: project.inProject(secretsFile(environment)), values: secrets }],
    // This step assumes that Cloudflare stores all secrets already. Step 4 asks Cloudflare which
    // secrets it stores.
    stored: Object.keys(SECRETS),
  });
  const lacks = requiredLacks(config, environment);
  const problems = [...(judged.issuer ? [judged.issuer] : []), ...judged.problems];
  if (lacks.length > 0)
    problems.push(
      `${project.name} lacks what this version of edgegate needs:\n\n${listed(lacks)}\n\n${project.path.endsWith(".toml") ? "Add it there." : "Run `npx edgegate upgrade`: it shows the change and makes it."}`,
    );
  refuse(problems);
  return { config, secrets, takesAddress: judged.takesAddress, notes: judged.notes };
}

/** @param {string[]} problems */
function refuse(problems) {
  if (problems.length > 0) throw new Advice(`${problems.join("\n\n")}\n\nNothing was uploaded.`);
}

/**
 * @typedef {object} Task
 * @property {import("./lib/project.js").Project} project
 * @property {string | undefined} environment
 * @property {Options} options
 * @property {(text: string) => void} say
 * @property {string[]} more
 * @property {Map<string, string>} vars
 * @property {number} wait
 * @property {import("./lib/config.js").Config} config
 * @property {Record<string, string>} secrets the secrets that are in the secrets file on this
 *   machine
 * @property {boolean} takesAddress whether ISSUER is not set and will be the Worker's address at
 *   workers.dev
 * @property {string[]} notes
 */

/**
 * Steps 2 to 7. If the operator names a first administrator, makes this administrator at the end.
 *
 * @param {Task} task
 */
async function deployChecked(task) {
  const { project, environment, options, say, config } = task;
  const cloudflare = await cloudflareOf(project, config);
  const worker = await workerOf(cloudflare, config);
  const issuer = await issuerFor(task, cloudflare);
  const before = worker?.variables.ISSUER;
  if (task.takesAddress && before !== undefined && before !== issuer)
    throw new Advice(
      `the deployed Worker has ISSUER "${before}", and ${project.name} has none. Set it there: with ${issuer} every session would end. Nothing was changed.`,
    );
  const made = await checkSecrets(task, worker);
  if (worker && !worker.isOurs && !options.adopt)
    throw new Advice(
      `your account has a Worker ${config.name} that is not edgegate's: it would be replaced. Give this service another name in ${project.name}, or add --adopt. Nothing was changed.`,
    );
  const world = { cloudflare, project, config, environment, bound: worker?.bindings };
  const stores = await storesOf(world);
  if (!options.adopt) refuseForeign(world, stores);

  // Stores that still have the names of the template are reported only before the first deploy.
  // After the first deploy, the operator must not rename a store, because the new name would refer
  // to a new, empty store.
  const left = worker ? undefined : templateNamesProblem(config, project.name);
  for (const note of [...task.notes, ...(left ? [left] : [])]) say(`Note: ${note}\n`);
  say(plan({ ...task, account: cloudflare.account, issuer, worker, stores, made }));
  if (options.dryRun) {
    await dryRun(task, cloudflare.account);
    return { worker: config.name, issuer, deployed: false };
  }
  await requireConfirmation("Deploy?", { yes: options.yes });

  // Nothing was changed before this line. New secrets are written to a file on this machine before
  // they are uploaded, because Cloudflare never shows a secret that it stores.
  if (made.length > 0)
    addSecrets(
      project,
      environment,
      Object.fromEntries(made.map((name) => [name, freshSecret(name)])),
    );
  if (task.takesAddress) setInProject(project, environment, ["vars", "ISSUER"], issuer);
  await makeStores(world, stores, say);
  await migrate(task, cloudflare.account);
  await upload(task, cloudflare);

  say(`▸ Waiting for ${issuer}/healthz`);
  const trouble = await unhealthy(issuer, task.wait);
  if (trouble)
    throw new Advice(
      `the Worker is deployed, but ${issuer}/healthz does not say that it is healthy: ${trouble}\nA new domain may need some minutes. Otherwise \`npx wrangler tail${environment ? ` --env ${environment}` : ""}\` shows what the Worker logs. Then run the same command again.`,
    );
  const isNew = worker === undefined;
  const email = options.admin ?? (isNew && !options.yes ? await askFirstAdmin() : undefined);
  const admin =
    email === undefined
      ? undefined
      : await asOperator(
          {
            ...{ cloudflare, origin: issuer, scope: "users" },
            database: await accountsDatabase(cloudflare, config),
          },
          async (ask) => ({ email, ...(await makeAdmin(ask, email)) }),
        );
  return {
    worker: config.name,
    issuer,
    deployed: true,
    isNew,
    ...(admin ? { admin } : {}),
    ...(made.length > 0 ? { secretsFile: secretsFile(environment) } : {}),
  };
}

/**
 * Step 3: returns the origin of the service. It is ISSUER as it is set on the command line or in
 * the configuration, or the Worker's address at workers.dev, which depends on the Cloudflare
 * account. Throws if ISSUER is an address at workers.dev that is not this Worker's, or if the
 * account has no subdomain of workers.dev and needs one.
 *
 * @param {Task} task
 * @param {import("./lib/cloudflare.js").Cloudflare} cloudflare
 */
async function issuerFor({ config, vars, takesAddress, project }, cloudflare) {
  const set = vars.get("ISSUER") ?? config.vars.ISSUER;
  const isSet = !takesAddress && typeof set === "string";
  if (isSet && !new URL(set).hostname.endsWith(".workers.dev")) return set;
  const { subdomain } = (await cloudflare.find("/workers/subdomain")) ?? {};
  if (!subdomain)
    throw new Advice(
      `your account has no subdomain of workers.dev. Register one at https://dash.cloudflare.com/${cloudflare.account}/workers/onboarding, then run the same command again. Nothing was changed.`,
    );
  const address = `https://${config.name}.${subdomain}.workers.dev`;
  if (isSet && set !== address)
    throw new Advice(
      `ISSUER is "${set}" in ${project.name}, but this Worker answers at ${address}. Set ISSUER to that, or take it out. Nothing was changed.`,
    );
  return address;
}

/**
 * Step 4: returns the names of the secrets that this command will make. Throws in these cases: a
 * setting is not valid; a required secret is missing and this command can't make it; the Worker is
 * deployed, a required secret is missing, and `--new-secrets` is not given.
 *
 * @param {Task} task
 * @param {import("./lib/worker.js").DeployedWorker | undefined} worker
 */
async function checkSecrets({ project, environment, config, vars, secrets, options }, worker) {
  const stored = worker?.secrets ?? [];
  const file = secretsFile(environment);
  const missing = requiredSecrets(config).filter(
    (name) => !stored.includes(name) && !(name in secrets),
  );
  const made = missing.filter(isMade);
  const { problems } = await judge({
    ...{ config, environment, vars, checker: CHECKER, stored, made },
    ...{ path: project.path, file: project.name, secretsFile: worker ? undefined : file },
    files: [{ path: project.inProject(file), values: secrets }],
  });
  const unknown = missing.filter((name) => !isMade(name) && !(name in SECRETS));
  if (unknown.length > 0)
    problems.push(
      `"secrets.required" in ${project.name} has ${unknown.join(", ")}, which ${unknown.length === 1 ? "is" : "are"} not stored: add the value to ${file}.`,
    );
  if (worker && made.length > 0 && !options.newSecrets)
    problems.push(
      `the Worker ${config.name} is deployed without ${made.join(" and ")}. If you have a copy, put it into ${file}, as in {"${made[0]}": "…"}. If you have none, add --new-secrets: new ones are made, and everyone has to sign in again.`,
    );
  refuse(problems);
  return made;
}

/**
 * The text that tells a person what will be done, before the person confirms it.
 *
 * @param {Task & { account: string, issuer: string,
 *   worker: import("./lib/worker.js").DeployedWorker | undefined,
 *   stores: import("./lib/stores.js").Store[], made: string[] }} task
 */
function plan({ account, issuer, worker, stores, made, config, environment }) {
  const missing = stores.filter(({ exists }) => !exists).map(({ what }) => what);
  const before = worker?.variables.ISSUER;
  return [
    `▸ ${worker ? "Changes" : "Makes"} the Worker ${config.name} in account ${account}, at ${issuer}`,
    ...(missing.length > 0 ? [`▸ Makes ${missing.join(", ")}`] : []),
    ...(made.length > 0
      ? [`▸ Makes the secrets ${made.join(", ")} and keeps a copy in ${secretsFile(environment)}`]
      : []),
    ...(before !== undefined && before !== issuer
      ? [`▸ Changes ISSUER, which was ${before}: every session ends, and everyone signs in again`]
      : []),
  ].join("\n");
}

/**
 * Step 5: applies the database migrations. The old version of the Worker is still running, and it
 * also works with the newer tables.
 *
 * @param {Task} task
 * @param {string} account
 */
async function migrate({ project, environment, say }, account) {
  if (isPacked) prepareProject(project);
  say("▸ Database: applying migrations");
  const { code, stdout, stderr } = await runWrangler(
    { project, account, capture: true },
    ...["d1", "migrations", "apply", "DB", "--remote", `--env=${environment ?? ""}`],
  );
  if (code !== 0)
    throw new Advice(
      `the migrations were not applied, and nothing was uploaded:\n${stdout}${stderr}\nSolve this and run the same command again: it continues where it stopped.`,
    );
}

/**
 * Step 6: uploads the Worker, together with the secrets that Cloudflare does not have yet, in one
 * request. Before the upload, this step asks Cloudflare again which secrets it has, because another
 * person might have deployed in the meantime.
 *
 * @param {Task} task
 * @param {import("./lib/cloudflare.js").Cloudflare} cloudflare
 */
async function upload({ project, environment, config, vars, more, options }, cloudflare) {
  const stored = (await workerOf(cloudflare, config))?.secrets ?? [];
  const all = Object.entries(readSecrets(project, environment));
  const missing = all.filter(([name]) => !stored.includes(name));
  const given = [...vars].flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const deployWith = (/** @type {string[]} */ ...args) =>
    runWrangler(
      { project, account: cloudflare.account, toStderr: options.json },
      ...["deploy", `--env=${environment ?? ""}`, ...given, ...args, ...more],
    );
  const { code } =
    missing.length > 0
      ? await withUpload(project, environment, Object.fromEntries(missing), (path) =>
          deployWith("--secrets-file", path),
        )
      : await deployWith();
  if (code !== 0)
    throw new Advice(
      "wrangler did not finish the deploy, see above. Solve this and run the same command again: it continues where it stopped.",
    );
}

/**
 * @param {Task} task
 * @param {string} account
 */
async function dryRun({ project, environment, vars, more, options }, account) {
  const given = [...vars].flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const { code } = await runWrangler(
    { project, account, toStderr: options.json },
    ...["deploy", "--dry-run", `--env=${environment ?? ""}`, ...given, ...more],
  );
  if (code !== 0) throw new Advice("wrangler can't build the Worker, see above.");
}

/**
 * @param {{ project: import("./lib/project.js").Project, account: string, capture?: boolean,
 *   toStderr?: boolean }} how
 * @param {string[]} args
 */
function runWrangler({ project, account, capture, toStderr }, ...args) {
  const [command, all, { env, ...options }] = wrangler(project, ...args);
  const own = { ...env, CLOUDFLARE_ACCOUNT_ID: account };
  return run(command, all, { ...options, env: own, capture, toStderr });
}

/**
 * @param {{ worker?: string, issuer: string, isNew?: boolean, secretsFile?: string,
 *   admin?: { email: string, link?: string, expiresAt?: number } }} result
 * @param {string} [environment]
 */
function told({ worker, issuer, isNew, admin, secretsFile: file }, environment) {
  const lines = [`\n  ${worker} answers at ${issuer}`];
  if (file)
    lines.push(
      `\n  Its secrets are in ${file}, and Cloudflare does not show them again. Keep a copy\n  where you keep secrets: without them you can't rotate them.`,
    );
  if (admin?.link)
    lines.push(
      `\n  ${admin.email} becomes an administrator by choosing a password here, until ${timeOf(admin.expiresAt)}:\n  ${admin.link}`,
    );
  else if (admin) lines.push(`\n  ${admin.email} is an administrator.`);
  else if (isNew)
    lines.push(
      `\n  Nobody is an administrator yet. To get a link for the first one, with or without mail:\n  npx edgegate deploy${environment ? ` --env ${environment}` : ""} --admin you@example.com`,
    );
  return `${lines.join("\n")}\n`;
}

/** @param {number} [seconds] since 1970 */
const timeOf = (seconds = 0) => `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`;
