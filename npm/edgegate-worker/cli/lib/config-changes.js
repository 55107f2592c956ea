// Changes to wrangler.jsonc that a new version of edgegate needs.
import { appendTo, setIn } from "./config-edit.js";
import { lacksOf, templateFor } from "./required.js";

/**
 * New rate limits get a random id from this range. Rate limits with the same id share one count,
 * even in different Workers of an account.
 */
const LIMIT_IDS = { from: 10_000, below: 1_000_000_000 };

/** @typedef {import("./required.js").Lack & { environment?: string }} Change */

/**
 * All changes that the file needs, at its top level and in each environment.
 *
 * @param {Record<string, any>} config as it is written in the file
 * @returns {Change[]}
 */
export function changesOf(config) {
  const name = String(config.name ?? "");
  const environments = Object.keys(config.env ?? {});
  const own = environments.flatMap((environment) => {
    // An environment inherits these four settings from the top level, unless it sets them itself. A
    // setting that is inherited is changed only at the top level.
    const { exports: classes, migrations, assets, triggers } = config;
    const whole = { exports: classes, migrations, assets, triggers, ...config.env[environment] };
    return lacksOf(whole, name, environment)
      .filter(({ list }) => !isInherited(list) || list[0] in config.env[environment])
      .map((lack) => ({ ...lack, environment }));
  });
  const top = lacksOf(config, name);
  return [...dateChange(config), ...top, ...own];
}

/** @param {string[]} list */
const isInherited = ([first]) => ["exports", "assets", "triggers"].includes(first);

/**
 * Returns the change that replaces a `compatibility_date` that is too old. With an old date,
 * Cloudflare runs the Worker on an older version of its platform than the one for which this Worker
 * is built.
 *
 * @param {Record<string, any>} config
 * @returns {Change[]}
 */
function dateChange({ compatibility_date: date = "", name }) {
  const { compatibility_date: needed } = templateFor(String(name ?? ""));
  if (date >= needed) return [];
  return [
    {
      list: ["compatibility_date"],
      value: needed,
      what: `"compatibility_date" ${needed} instead of ${date}`,
      why: "the Worker is built for this version of Cloudflare's platform",
      optional: false,
    },
  ];
}

/**
 * The text of the file after these changes.
 *
 * @param {string} text
 * @param {Change[]} changes
 */
export function edited(text, changes) {
  const taken = new Set([...text.matchAll(/"namespace_id":\s*"(\d+)"/g)].map(([, id]) => id));
  return changes.reduce((current, { environment, list, value }) => {
    const path = [...(environment ? ["env", environment] : []), ...list];
    if (list[0] === "compatibility_date") return setIn(current, path, value);
    if (list[0] === "exports") {
      const [[name, declared]] = Object.entries(value);
      return setIn(current, [...path, name], declared);
    }
    return appendTo(current, path, withOwnId(value, taken));
  }, text);
}

/**
 * If `value` is a rate limit, gives it an id that the file does not have yet.
 *
 * @param {any} value
 * @param {Set<string>} taken
 */
function withOwnId(value, taken) {
  if (value.namespace_id === undefined) return value;
  let id;
  do {
    const { from, below } = LIMIT_IDS;
    id = `${from + Math.floor(Math.random() * (below - from))}`;
  } while (taken.has(id));
  taken.add(id);
  return { ...value, namespace_id: id };
}
