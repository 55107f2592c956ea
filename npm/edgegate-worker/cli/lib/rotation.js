// The steps of rotating SIGNING_KEYS and TICKET_SECRET. Each of these secrets is a list of values.
// The service signs JWTs or makes tickets (its other tokens, such as refresh tokens) with the first
// value, and accepts JWTs and tickets that were made with any of the values. "add" appends a new
// value. When every instance of the Worker has the new value, "promote" puts it first. When all
// JWTs or tickets that were made with the old values have expired, "drop" removes these values
// (docs/operations.md, "Rotating SIGNING_KEYS").
import { createHash } from "node:crypto";
import { Advice } from "./advice.js";
import { idOf } from "./jwks.js";
import { signingKeyLike, ticketSecret } from "./secrets.js";

const DAY = 86_400;
const HOUR = 3600;
const IDLE_TTL = 30 * DAY;
/** How many values each secret may have (docs/options.md). */
const MOST = { SIGNING_KEYS: 20, TICKET_SECRET: 8 };

/** @typedef {"SIGNING_KEYS" | "TICKET_SECRET"} Name */
/** @typedef {"add" | "promote" | "drop"} Step */

/**
 * The last step that was done, and when.
 *
 * @typedef {{ step: Step, at: number }} Done
 */

/**
 * What a rotation needs to know about one secret.
 *
 * @typedef {object} Secret
 * @property {(text: string) => string[]} split returns its values, in their order
 * @property {(values: string[]) => string} join
 * @property {(first: string) => string} make makes a new value, of the same kind as the first one
 * @property {(value: string) => string} nameOf a name by which people recognize a value; it does
 *   not reveal the value
 * @property {(settings: { idle: number }) => Record<Step, number>} waits how many seconds must pass
 *   after each step before the next step
 */

/** @type {Record<Name, Secret>} */
export const SECRETS = {
  SIGNING_KEYS: {
    split: (text) => JSON.parse(text).keys.map((/** @type {unknown} */ key) => JSON.stringify(key)),
    join: (values) => JSON.stringify({ keys: values.map((value) => JSON.parse(value)) }),
    make: (first) => JSON.stringify(signingKeyLike(JSON.parse(first))),
    nameOf: (value) => `kid ${idOf(JSON.parse(value))}`,
    // After "add": some programs that verify tokens cache the published keys for a long time. After
    // "promote": an instance of the Worker can sign with the old key for a day, and no access token
    // is valid for longer than an hour.
    waits: () => ({ add: DAY, promote: DAY + HOUR, drop: 0 }),
  },
  TICKET_SECRET: {
    split: (text) => text.split(/[, \n\t]+/).filter((part) => part !== ""),
    join: (values) => values.join(","),
    make: ticketSecret,
    // A hash of 256 random bits reveals nothing about them.
    nameOf: (value) => `hash ${createHash("sha256").update(value).digest("hex").slice(0, 12)}`,
    // After "add": an instance of the Worker that is busy can continue to run with the old secret.
    // After "promote": such an instance can use the old value for a day. A session that is not
    // renewed ends after `idle` seconds, and a mailed link expires after a day.
    waits: ({ idle }) => ({ add: DAY, promote: DAY + Math.max(idle, DAY), drop: 0 }),
  },
};

/**
 * The secret after a step. Throws if the step is impossible with the secret's present values.
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
    return join([...values, make(values[0])]);
  }
  if (values.length < 2 || last === undefined)
    throw new Advice(`${name} has one value: there is nothing to ${step}. Begin with \`add\`.`);
  return step === "promote" ? join([last, ...values.slice(0, -1)]) : join(values.slice(0, 1));
}

/**
 * SESSION_IDLE_TTL in seconds: for how long a session lasts without being renewed. If it is not
 * set, this is 30 days, or SESSION_TTL if that is less.
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
 * @param {Done} [given.done] the last step; undefined if it was not done on this machine
 * @param {number} given.idle SESSION_IDLE_TTL
 * @param {number} given.now seconds since 1970
 * @returns {{ step: Step, from: number, isDue: boolean, isKnown: boolean }} `from`: when the step
 *   may be done. `isKnown`: whether it is known when the previous step was done
 */
export function nextStep({ name, text, done, idle, now }) {
  const values = SECRETS[name].split(text);
  if (values.length < 2) return { step: "add", from: now, isDue: true, isKnown: true };
  // If there is no record of the last step, it was either `add` or `promote`. The code assumes
  // `add`.
  const before = done?.step === "add" || done?.step === "promote" ? done : undefined;
  const step = before?.step === "promote" ? "drop" : "promote";
  const wait = SECRETS[name].waits({ idle })[before?.step ?? "add"];
  const from = (before?.at ?? now) + wait;
  return { step, from, isDue: before !== undefined && now >= from, isKnown: before !== undefined };
}
