// The texts of the page in its language. The Worker writes them into the page: it takes them from
// words/<language>.json, but only the sections that the page's script needs.

/** @typedef {typeof import("./words/en.json")} Words */

/** The language of the page. */
export const language = document.documentElement.lang;

/** @type {Words} */
export const words = JSON.parse(document.getElementById("words")?.textContent ?? "");

/**
 * Replaces each `{name}` in a text with the value of that name.
 *
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export const fill = (text, values) =>
  text.replace(/\{(\w+)\}/g, (whole, name) => `${values[name] ?? whole}`);

const plurals = new Intl.PluralRules(language);

/**
 * Chooses the singular or plural form of a text for this number, and fills in `{count}` and the
 * other values.
 *
 * @param {Record<string, string>} forms the forms, keyed by the categories of `Intl.PluralRules`
 * @param {number} count
 * @param {Record<string, string | number>} [values]
 */
export const counted = (forms, count, values = {}) =>
  fill(forms[plurals.select(count)] ?? forms.other, { count, ...values });

/** @type {[unit: "hour" | "minute" | "second", seconds: number, from: number][]} */
const UNITS = [
  ["hour", 3600, 7200],
  ["minute", 60, 90],
  ["second", 1, 0],
];

/**
 * A duration in words, rounded up: `42 seconds`, `2 minutes`, `3 hours`.
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  const [unit, length] = UNITS.find(([, , from]) => seconds >= from) ?? UNITS[2];
  const format = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" });
  return format.format(Math.ceil(seconds / length));
}
