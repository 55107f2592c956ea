// The steps of a rotation of SIGNING_KEYS and TICKET_SECRET. The first value signs or seals, and
// all values are accepted. "add" appends a new value. "promote" puts it first, when every isolate
// knows it. "drop" removes the old values, when nothing that they signed or sealed is valid any
// more (docs/operations.md, "Rotating SIGNING_KEYS").
import { createHash } from "node:crypto";
import { Advice } from "./advice.js";
import { signingKeys, ticketSecret } from "./secrets.js";

const DAY = 86_400;
const HOUR = 3600;
const IDLE_TTL = 30 * DAY;
/** The most values that each secret can have (docs/options.md). */
const MOST = { SIGNING_KEYS: 20, TICKET_SECRET: 8 };

/** @typedef {"SIGNING_KEYS" | "TICKET_SECRET"} Name */
/** @typedef {"add" | "promote" | "drop"} Step */

/**
 * The last step that was done, and when.
 *
 * @typedef {{ step: Step, at: number }} Done
 */

/**
 * What a rotation needs to know of one secret.
 *
 * @typedef {object} Secret
 * @property {(text: string) => string[]} split its values, in their order
 * @property {(values: string[]) => string} join
 * @property {() => string} make one more value
 * @property {(value: string) => string} nameOf what a person calls a value; never the value itself
 * @property {(settings: { idle: number }) => Record<Step, number>} waits how many seconds pass after
 *   each step before the next
 */

/** @type {Record<Name, Secret>} */
export const SECRETS = {
  SIGNING_KEYS: {
    split: (text) => JSON.parse(text).keys.map((/** @type {unknown} */ key) => JSON.stringify(key)),
    join: (values) => JSON.stringify({ keys: values.map((value) => JSON.parse(value)) }),
    make: () => JSON.stringify(JSON.parse(signingKeys()).keys[0]),
    nameOf: (value) => `kid ${JSON.parse(value).kid}`,
    // Verifiers may keep the published set for long. No access token lives longer than an hour.
    waits: () => ({ add: DAY, promote: HOUR, drop: 0 }),
  },
  TICKET_SECRET: {
    split: (text) => text.split(/[, \n\t]+/).filter((part) => part !== ""),
    join: (values) => values.join(","),
    make: ticketSecret,
    // A hash of 256 random bits reveals nothing about them.
    nameOf: (value) => `hash ${createHash("sha256").update(value).digest("hex").slice(0, 12)}`,
    // A busy isolate may finish with the old version. A session that is not renewed ends after `idle`,
    // and a mailed link after a day.
    waits: ({ idle }) => ({ add: DAY, promote: Math.max(idle, DAY), drop: 0 }),
  },
};

/**
 * The secret after a step. Throws when the step does not fit what is there.
 *
 * @param {Name} name
 * @param {string} text
 * @param {Step} step
 */
export function rotated(name, text, step) {
  const { split, join, make } = SECRETS[name];
  const values = split(text);
  const last = values.at(-1);
  if (step === "add") {
    if (values.length >= MOST[name])
      throw new Advice(
        `${name} has ${values.length} values, the most that it can have: drop first.`,
      );
    return join([...values, make()]);
  }
  if (values.length < 2 || last === undefined)
    throw new Advice(`${name} has one value: there is nothing to ${step}. Begin with \`add\`.`);
  return step === "promote" ? join([last, ...values.slice(0, -1)]) : join(values.slice(0, 1));
}

/**
 * SESSION_IDLE_TTL in seconds. Without it sessions last 30 days, or SESSION_TTL if that is less.
 *
 * @param {Record<string, unknown>} vars
 */
export const idleOf = ({ SESSION_IDLE_TTL: idle, SESSION_TTL: whole }) =>
  Number(idle) || Math.min(IDLE_TTL, Number(whole) || IDLE_TTL);

/**
 * Which step is due, and when.
 *
 * @param {object} given
 * @param {Name} given.name
 * @param {string} given.text
 * @param {Done} [given.done] the last step; unknown if this machine has not done it
 * @param {number} given.idle SESSION_IDLE_TTL
 * @param {number} given.now seconds since 1970
 * @returns {{ step: Step, from: number, isDue: boolean, isKnown: boolean }} `from`: when it may be
 *   done. `isKnown`: whether the time of the step before is known
 */
export function nextStep({ name, text, done, idle, now }) {
  const values = SECRETS[name].split(text);
  if (values.length < 2) return { step: "add", from: now, isDue: true, isKnown: true };
  // Without a record the last step may have been `add` or `promote`.
  const before = done?.step === "add" || done?.step === "promote" ? done : undefined;
  const step = before?.step === "promote" ? "drop" : "promote";
  const wait = SECRETS[name].waits({ idle })[before?.step ?? "add"];
  const from = (before?.at ?? now) + wait;
  return { step, from, isDue: before !== undefined && now >= from, isKnown: before !== undefined };
}
