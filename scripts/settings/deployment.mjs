// Everything that can be wrong with a deployment, found before anything is uploaded.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import {
  fromConfig,
  fromEnvFile,
  fromOptions,
  tableOf,
} from "../../npm/edgegate-worker/cli/lib/places.js";
import { Advice } from "../project/advice.mjs";
import { readConfig } from "../project/config.mjs";
import { issuerProblem } from "../project/issuer.mjs";
import { platformLogsProblem } from "../project/platform-logs.mjs";
import { inRoot, root } from "../project/root.mjs";
import { bindingsOf, faultsOf, heading, SECRETS, told } from "./check.mjs";
import { missingMigrations, storedSecrets } from "./remote.mjs";

/** The Worker tells crons apart by this text: EACH_MINUTE in src/edge/mail_jobs.rs. */
const EACH_MINUTE = "* * * * *";

/**
 * What a deploy would find. `problems` must be solved first; `notes` should be read.
 *
 * @param {{ config?: import("../project/config.mjs").Config, environment?: string, path?: string,
 *   vars: Map<string, string>, secretsFile?: string }} given
 * @param {Parameters<typeof storedSecrets>[1]} [world]
 */
export async function checkDeployment(given, world) {
  const { environment, path, vars, secretsFile } = given;
  const config = given.config ?? (await readConfig(environment, { path }));
  const target = [`--env=${environment ?? ""}`, ...(path ? ["--config", path] : [])];
  const option = environment ? ` --env ${environment}` : "";
  const notes = [];
  const problems = [];

  const fileSecrets = secretsFile ? readSecrets(secretsFile) : {};
  const sources = [
    fromOptions(vars),
    ...(secretsFile ? [fromEnvFile(resolve(root, secretsFile), fileSecrets)] : []),
    fromConfig(inRoot(path ?? "wrangler.toml"), config.vars, environment),
  ];
  const context = { sources, environment, local: false, path };

  const { stored, isNew, unasked } = await askSecrets(target, world);
  if (unasked)
    notes.push(
      `Cloudflare was not asked which secrets are stored (${unasked}): they are not checked.`,
    );
  const bindings = bindingsOf(config);
  const issuer = issuerProblem(vars.get("ISSUER") ?? config.vars.ISSUER, tableOf(environment));
  const faults = (await faultsOf({ sources, bindings, stored })).filter(
    ({ setting, misspelt }) => !(issuer && setting === "ISSUER" && !misspelt),
  );
  // The first deploy makes the Worker. Secrets may be stored afterwards.
  const later = isNew
    ? faults.filter(
        ({ setting, problem }) => setting in SECRETS && problem.startsWith("is missing"),
      )
    : [];
  const now = faults.filter((fault) => !later.includes(fault));
  if (now.length > 0) problems.push(`${heading(now)}\n\n${told(now, context)}`);
  if (later.length > 0)
    notes.push(
      `the Worker is new, and answers 500 misconfigured until these secrets are stored:\n${later.map(({ setting }) => `  npx wrangler secret put ${setting}${option}`).join("\n")}\nValues for SIGNING_KEYS and TICKET_SECRET: npm run keys`,
    );

  if (now.length === 0 && !isNew && !unasked) {
    const lacking = await missingMigrations(target, world).catch((error) => {
      notes.push(`Cloudflare was not asked for missing migrations: ${error.message}`);
      return [];
    });
    if (lacking.length > 0)
      problems.push(
        `the database lacks ${lacking.join(", ")}. Apply it first, because the new Worker needs it and the old one works with it:\n\n  npx wrangler d1 migrations apply DB --remote${option}`,
      );
  }
  notes.push(...advice({ config, vars, bindings }));
  return { issuer, problems, notes, isNew };
}

/**
 * @param {string[]} target
 * @param {Parameters<typeof storedSecrets>[1]} world
 * @returns {Promise<{ stored: string[], isNew: boolean, unasked?: string }>}
 */
async function askSecrets(target, world) {
  try {
    const stored = await storedSecrets(target, world);
    return { stored: stored ?? [], isNew: stored === undefined };
  } catch (error) {
    const unasked = /** @type {Error} */ (error).message;
    return { stored: Object.keys(SECRETS), isNew: false, unasked };
  }
}

/**
 * Settings that work, but rarely as intended.
 *
 * @param {{ config: Record<string, any>, vars: Map<string, string>, bindings: string[] }} given
 */
function* advice({ config, vars, bindings }) {
  if (!config.vars.MAIL_PROVIDER && !vars.has("MAIL_PROVIDER"))
    yield "MAIL_PROVIDER is not set: registering and forgotten passwords will answer 500 misconfigured.";
  const limiters = ["IP_LIMITER", "ACCOUNT_LIMITER", "RENEWAL_LIMITER"];
  const unbound = limiters.filter((name) => !bindings.includes(name));
  if (unbound.length > 0)
    yield `${unbound.join(", ")} ${unbound.length === 1 ? "is" : "are"} not bound, so nothing limits how often a client may try. Add [[ratelimits]] as in wrangler.toml; an environment inherits none.`;
  if (!bindings.includes("MAIL_QUEUE"))
    yield "MAIL_QUEUE is not bound, so each mail is sent after its response, which then takes longer for an address that has an account.";
  const crons = config.triggers?.crons ?? [];
  if (crons.every((/** @type {string} */ cron) => cron === EACH_MINUTE))
    yield 'the cron "*/5 * * * *" is missing under [triggers], so failed mails are not sent again and deleted accounts are not cleared up. Add it as in wrangler.toml.';
  const store = vars.get("SESSION_STORE") ?? config.vars.SESSION_STORE;
  if (store === "durable" && !crons.includes(EACH_MINUTE))
    yield `the cron "${EACH_MINUTE}" is missing under [triggers], so a change that you make in the database by hand may be seen after a day. Add it as in wrangler.toml.`;
  const logs = platformLogsProblem(config);
  if (logs) yield logs;
}

/**
 * The secrets of `--secrets-file`: JSON, or lines NAME=value.
 *
 * @param {string} path
 * @returns {Record<string, unknown>}
 */
function readSecrets(path) {
  let text;
  try {
    text = readFileSync(resolve(root, path), "utf8");
  } catch (error) {
    throw new Advice(
      `--secrets-file ${path} can't be read: ${/** @type {Error} */ (error).message}`,
    );
  }
  if (!text.trimStart().startsWith("{")) return parseEnv(text);
  try {
    return JSON.parse(text);
  } catch {
    // The reason would show a part of a secret.
    throw new Advice(
      `--secrets-file ${path} begins with { but is not JSON: correct it, as in {"MAIL_API_KEY": "…"}, or write lines NAME=value. Nothing was uploaded.`,
    );
  }
}
