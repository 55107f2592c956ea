// Finds what a configuration lacks for this release, compared with the template's configuration.
import { readFileSync } from "node:fs";
import { parse } from "jsonc-parser";
import { DEFAULTS } from "./package.js";

/** The name of the template's Worker. The names of the template's stores begin with it. */
export const NAME = "my-auth";
/**
 * The schedule of one of the Worker's cron jobs. The Worker recognizes the job by this text
 * (EACH_MINUTE in src/edge/mail_jobs.rs).
 */
const EACH_MINUTE = "* * * * *";

/**
 * Something that a configuration lacks.
 *
 * @typedef {object} Lack
 * @property {string[]} list the path of the list or object to which it must be added
 * @property {any} value the entry of the list, or the object's members
 * @property {string} what the words by which a person names the missing part
 * @property {string} why
 * @property {boolean} optional whether the Worker runs without it
 */

/**
 * The template's configuration, with the names of another Worker.
 *
 * @param {string} name the Worker's name, without an environment
 */
export const templateFor = (name) =>
  parse(readFileSync(DEFAULTS, "utf8").replaceAll(NAME, name), [], { allowTrailingComma: true });

/**
 * What a configuration lacks. `config` is the configuration of one environment, including what the
 * environment inherits. It comes from wrangler or directly from the file.
 *
 * @param {Record<string, any>} config
 * @param {string} name the Worker's name, without an environment
 * @param {string} [environment]
 * @returns {Lack[]}
 */
export function lacksOf(config, name, environment) {
  const top = templateFor(name);
  const own = ownTemplate(top, environment);
  return [
    ...missingClasses(config, top),
    ...missingEntries(config, own, ["durable_objects", "bindings"], "name", {
      noun: "the Durable Object binding",
      why: "the Worker stores sessions, wrong passwords and limits of mails there",
    }),
    ...missingEntries(config, own, ["d1_databases"], "binding", {
      noun: "the database",
      why: "it stores the accounts",
    }),
    ...missingCrons(config, top),
    ...missingRoutes(config, top),
    ...missingEntries(config, own, ["queues", "producers"], "binding", {
      noun: "the queue",
      why: "mails wait in it; without it each is sent after its response",
      optional: true,
    })
      .filter(({ value }) => isProduced(config, own, value.queue))
      .map((lack) => (DEAD.test(lack.value.queue) ? { ...lack, why: WHY_DEAD } : lack)),
    ...missingEntries(config, own, ["queues", "consumers"], "queue", {
      noun: "the consumer of the queue",
      why: "without it the mails in this queue are not sent",
      optional: true,
    }).filter(({ value }) => isProduced(config, own, value.queue)),
    ...missingEntries(config, own, ["ratelimits"], "name", {
      noun: "the rate limit",
      why: "without it nothing limits how often a client may try",
      optional: true,
    }),
  ];
}

/**
 * The template's configuration of an environment. It is that of the template's `staging`, with
 * `staging` replaced by the environment's name.
 *
 * @param {Record<string, any>} top
 * @param {string | undefined} environment
 */
function ownTemplate(top, environment) {
  if (!environment) return top;
  const { staging } = top.env;
  return JSON.parse(
    JSON.stringify(staging).replaceAll(`${top.name}-staging`, `${top.name}-${environment}`),
  );
}

/**
 * The Durable Object classes that the configuration lacks. A configuration can declare a class by
 * `exports` or by `migrations`.
 *
 * @param {Record<string, any>} config
 * @param {Record<string, any>} top
 * @returns {Lack[]}
 */
function missingClasses(config, top) {
  const migrated = (config.migrations ?? []).flatMap(
    (/** @type {Record<string, string[]>} */ { new_sqlite_classes = [], new_classes = [] }) => [
      ...new_sqlite_classes,
      ...new_classes,
    ],
  );
  return Object.entries(top.exports)
    .filter(([name]) => !migrated.includes(name) && config.exports?.[name] === undefined)
    .map(([name, value]) => ({
      list: ["exports"],
      value: { [name]: value },
      what: `the class ${name}`,
      why: "the Worker keeps state in its objects",
      optional: false,
    }));
}

/**
 * The entries of a list that are in the template, but not in the configuration.
 *
 * @param {Record<string, any>} config
 * @param {Record<string, any>} template
 * @param {string[]} list
 * @param {string} key the member that names an entry
 * @param {{ noun: string, why: string, optional?: boolean }} about
 * @returns {Lack[]}
 */
function missingEntries(config, template, list, key, { noun, why, optional = false }) {
  const there = at(config, list).map((entry) => entry[key]);
  return at(template, list)
    .filter((entry) => !there.includes(entry[key]))
    .map((value) => ({ list, value, what: `${noun} ${value[key]}`, why, optional }));
}

/** How the names of the template's queues for failed mails end. */
const DEAD = /-dead$/;
const WHY_DEAD =
  "mails whose sending failed too often get into it, and `wrangler deploy` makes a queue only if it is bound";

/**
 * Whether the Worker will send mails to this queue of the template. A queue of failed mails gets
 * its mails from another queue, so for such a queue the function looks at that other queue. The
 * Worker sends mails to a queue if the configuration has a producer for it. If the configuration
 * lacks that producer, the result is also true, because the producer will be added.
 *
 * @param {Record<string, any>} config
 * @param {Record<string, any>} own
 * @param {string} queue
 */
function isProduced(config, own, queue) {
  const base = queue.replace(DEAD, "");
  const binding = at(own, ["queues", "producers"]).find((entry) => entry.queue === base)?.binding;
  const producer = at(config, ["queues", "producers"]).find((entry) => entry.binding === binding);
  return producer === undefined || producer.queue === base;
}

/**
 * @param {Record<string, any>} config
 * @param {Record<string, any>} top
 * @returns {Lack[]}
 */
function missingCrons(config, top) {
  const there = config.triggers?.crons ?? [];
  /** @type {Record<string, string>} */
  const why = {
    [EACH_MINUTE]:
      "without it a change that you make in the database by hand may be seen after a day",
    "*/5 * * * *":
      "without it failed mails are not sent again and deleted accounts are not cleared up",
  };
  return top.triggers.crons
    .filter((/** @type {string} */ cron) => !there.includes(cron))
    .map((/** @type {string} */ cron) => ({
      list: ["triggers", "crons"],
      value: cron,
      what: `the cron "${cron}"`,
      why: why[cron] ?? "the Worker has work at this time",
      // This cron job makes the users' Durable Objects discard outdated copies of database rows.
      // With SESSION_STORE "kv", the service does not use these objects.
      optional: cron === EACH_MINUTE && config.vars?.SESSION_STORE === "kv",
    }));
}

/**
 * The paths that the configuration's `run_worker_first` does not cover. It must be `true`, or a
 * list that covers every path for which the Worker must run: it answers the request itself, or
 * writes the words into the page.
 *
 * @param {Record<string, any>} config
 * @param {Record<string, any>} top
 * @returns {Lack[]}
 */
function missingRoutes(config, top) {
  const there = config.assets?.run_worker_first;
  if (there === true) return [];
  return top.assets.run_worker_first
    .filter(
      (/** @type {string} */ path) =>
        !(there ?? []).some((/** @type {string} */ rule) => covers(rule, path)),
    )
    .map((/** @type {string} */ path) => ({
      list: ["assets", "run_worker_first"],
      value: path,
      what: `the path "${path}"`,
      why: "the Worker writes the words into this page, or answers itself",
      optional: false,
    }));
}

/**
 * @param {string} rule
 * @param {string} path
 */
const covers = (rule, path) =>
  rule === path || (rule.endsWith("*") && path.startsWith(rule.slice(0, -1)));

/**
 * @param {Record<string, any>} from
 * @param {string[]} path
 * @returns {any[]}
 */
function at(from, path) {
  /** @type {any} */
  let found = from;
  for (const name of path) found = found?.[name];
  return found ?? [];
}

/**
 * What a configuration lacks and the Worker needs in order to run.
 *
 * @param {import("./config.js").Config} config
 * @param {string} [environment]
 */
export const requiredLacks = (config, environment) =>
  lacksOf(config, config.topLevelName ?? config.name ?? NAME, environment).filter(
    ({ optional }) => !optional,
  );

/**
 * The lacks as lines for a person.
 *
 * @param {Lack[]} lacks
 */
export const listed = (lacks) => lacks.map(({ what, why }) => `  ${what}: ${why}`).join("\n");
