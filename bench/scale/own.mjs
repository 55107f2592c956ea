// The options of `npm run bench:scale`. With them you can replace the assumed numbers by your own.
// This module also has the smallest and the largest value that each number may have.
import { Advice } from "../../scripts/project/advice.mjs";
import { USE } from "./facts.mjs";

/** @type {Record<keyof typeof USE, [least: number, most: number]>} */
const BOUNDS = {
  activeShare: [0.0001, 1],
  activeMinutes: [0, 1_440],
  minutesBetweenRenewals: [0.1, 1_440],
  checksPerMinute: [0, 1e6],
  loginsPerActiveDay: [0, 1_000],
  resetsPerLogin: [0, 100],
  peak: [1, 1_000],
  sessionsPerUser: [0, 100],
};
/** @type {[least: number, most: number]} */
const USERS = [1, 1e12];

/** The name of the option for a number: "active-share" for activeShare. */
const optionOf = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const NAMES = Object.keys(USE);

/**
 * The options, as the function `parsed` expects them. @type {Record<string, { type: "string" }>}
 */
export const OPTIONS = Object.fromEntries(
  ["users", ...NAMES].map((name) => [optionOf(name), { type: "string" }]),
);

/**
 * Reads the numbers from the options that were given. Returns `{ use, sizes }` for `modelOf`.
 *
 * @param {Record<string, string | undefined>} values
 */
export function own(values) {
  const given = NAMES.filter((name) => values[optionOf(name)] !== undefined);
  const use = Object.fromEntries(
    given.map((name) => [name, between(optionOf(name), values, BOUNDS[name])]),
  );
  return { use, ...(values.users !== undefined && { sizes: [between("users", values, USERS)] }) };
}

function between(option, values, [least, most]) {
  const text = values[option] ?? "";
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most))
    throw new Advice(
      `--${option} must be a number from ${least} to ${most.toLocaleString("en")}; it is "${text}".`,
    );
  return value;
}
