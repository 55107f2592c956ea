// Checks settings and bindings with the Worker's own code, and says where each bad value was read.
import { statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { tableOf } from "./places.js";
import { idTokenKeys, signingKeys, ticketSecret } from "./secrets.js";

/** @typedef {import("./places.js").Source} Source */
/** @typedef {{ setting: string, misspelt?: string, problem: string, remedy: string }} Fault */

/**
 * Finds what is wrong with variables, bindings and compatibility flags. `stored` are the names of
 * secrets whose values can't be read; these are assumed to be valid. `checker` is the path of the
 * Worker's check.js.
 *
 * @param {{ sources: Source[], bindings: string[], flags?: string[], stored?: string[],
 *   checker: string }} configuration
 * @returns {Promise<Fault[]>}
 */
export async function faultsOf({ sources, bindings, flags = [], stored = [], checker }) {
  // The modification time in the URL makes Node import the present build of the module, even if it
  // has loaded an older one.
  const { faultsOf: judge } = await import(
    `${pathToFileURL(checker)}?${statSync(checker).mtimeMs}`
  );
  /** @type {Record<string, unknown>} */
  const env = Object.fromEntries(stored.map((name) => [name, (SECRETS[name] ?? String)()]));
  for (const { values } of [...sources].reverse()) Object.assign(env, values);
  for (const name of bindings) env[name] ??= {};
  const faults = judge(env, flags);
  // If several bindings are missing, the Worker reports only one at a time. So each reported
  // binding is added to `env`, and the settings are checked again.
  for (let fault = faults.at(-1); isMissing(fault, env); fault = faults.at(-1)) {
    env[/** @type {Fault} */ (fault).setting] = {};
    const next = judge(env, flags);
    if (next.length === 0) break;
    faults.push(...next);
  }
  return faults;
}

/**
 * @param {Fault | undefined} fault
 * @param {Record<string, unknown>} env
 */
const isMissing = (fault, env) =>
  fault !== undefined && fault.problem === "is not bound" && env[fault.setting] === undefined;

/**
 * The secrets of the service, each with a function that makes a valid value. Cloudflare never shows
 * a secret that it stores. So the check of the settings uses a value from this function instead of
 * the stored secret. (tests/setup/settings.test.mjs compares the names with docs/options.md.)
 *
 * @type {Record<string, () => string>}
 */
export const SECRETS = {
  SIGNING_KEYS: signingKeys,
  TICKET_SECRET: ticketSecret,
  MAIL_API_KEY: () => "stored",
  TURNSTILE_SECRET: () => "stored",
  PEPPERS: () => `1:${ticketSecret()}`,
  FIREBASE_SIGNER_KEY: ticketSecret,
  ID_TOKEN_KEYS: idTokenKeys,
};

/**
 * The names of everything that a configuration binds.
 *
 * @param {Record<string, any>} config
 * @returns {string[]}
 */
export function bindingsOf(config) {
  const lists = Object.values(config).filter(Array.isArray);
  const entries = [
    ...lists.flat(),
    ...(config.durable_objects?.bindings ?? []),
    ...(config.queues?.producers ?? []),
    config.assets ?? {},
  ];
  const named = [
    ...(config.durable_objects?.bindings ?? []),
    ...(config.send_email ?? []),
    ...(config.ratelimits ?? []),
  ];
  return [...entries.map((entry) => entry?.binding), ...named.map(({ name }) => name)].filter(
    (name) => typeof name === "string",
  );
}

/**
 * The faults as one message: setting, value, where it was read, and what to do.
 * `secretsFile`: the file from which a deploy takes the secrets that are not stored yet.
 *
 * @param {Fault[]} faults
 * @param {{ sources: Source[], environment?: string, local: boolean, path?: string,
 *   secretsFile?: string }} context
 */
export function told(faults, { sources, environment, local, path = "wrangler.toml", secretsFile }) {
  const option = environment ? ` --env ${environment}` : "";
  /** @param {string} name */
  const home = (name) => {
    if (name in SECRETS && secretsFile)
      return `${secretsFile}, as in {"${name}": "…"}, from which the next deploy stores it`;
    if (name in SECRETS)
      return local ? ".dev.vars" : `\`npx wrangler secret put ${name}${option}\` stores it`;
    const table = tableOf(environment);
    return `${path}, under ${path.endsWith(".toml") ? `[${table}]` : table}`;
  };
  return faults
    .map(({ setting, misspelt, problem, remedy }) => {
      const names = [
        misspelt ?? setting,
        ...(problem.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []),
      ];
      const places = [...new Set(names)].flatMap((name) => {
        const source = sources.find(({ values }) => values[name] !== undefined);
        if (source) return [`    ${name} is set ${source.place(name)}.`];
        if (problem === "is not bound") return [];
        return name === setting ? [`    Its place: ${home(name)}.`] : [];
      });
      return [`  ${setting} ${problem}.`, ...places, `    ${remedy}`].join("\n");
    })
    .join("\n\n");
}

/** @param {Fault[]} faults */
export const heading = (faults) =>
  faults.length === 1 ? "a setting is wrong." : `${faults.length} settings are wrong.`;
