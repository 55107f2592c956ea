// Checks whether secrets exist, are strong, and differ from each other.
import { ok, problem, skipped, warning } from "./checks.js";

/**
 * A secret with fewer different byte values than this is reported as weak. 32 random bytes have
 * about 30 different values. A text that a person wrote has fewer different values, because its
 * letters repeat.
 */
const FEWEST_VALUES = 20;
const BYTES = 32;

/**
 * The secrets that are stored in one place. `place` is its name in messages, such as the name of a
 * file.
 *
 * @typedef {{ place: string, values: Record<string, string | undefined> }} Place
 */

/**
 * The checks of the secrets in one place.
 *
 * @param {Place} own
 * @param {Place[]} others the places of other environments, which must not have the same values
 * @returns {import("./checks.js").Check[]}
 */
export function checkSecrets(own, others) {
  const parts = partsOf(own);
  const weak = parts.filter(({ bytes }) => bytes !== undefined && isWeak(bytes));
  const repeated = parts.filter(
    ({ text }, n) => parts.findIndex((other) => other.text === text) < n,
  );
  const shared = others.flatMap((other) =>
    partsOf(other)
      .filter(({ text }) => parts.some((part) => part.text === text))
      .map(({ name }) => `${name} is the same in ${other.place}`),
  );
  const checks = [];
  if (parts.length === 0) return [skipped("secrets", `there are none in ${own.place}`)];
  if (weak.length > 0)
    checks.push(
      problem(
        "secrets",
        `${namesOf(weak)} in ${own.place} ${weak.length === 1 ? "is" : "are"} not random: somebody can guess it`,
        "Replace it: `npx edgegate keys --help` says how, without signing anybody out.",
      ),
    );
  if (repeated.length > 0)
    checks.push(
      problem(
        "secrets",
        `${namesOf(repeated)} has the same value twice in ${own.place}`,
        "Use a value of its own for each.",
      ),
    );
  if (shared.length > 0)
    checks.push(
      warning(
        "secrets",
        shared.join("; "),
        "Give each environment secrets of its own: whoever knows one can then not sign in to the other.",
      ),
    );
  return checks.length > 0
    ? checks
    : [ok("secrets", `those in ${own.place} are random, and no two are the same`)];
}

/**
 * The single values of the secrets that are checked: each key of SIGNING_KEYS, and each part of
 * TICKET_SECRET and PEPPERS.
 *
 * @param {Place} place
 * @returns {{ name: string, text: string, bytes?: Buffer }[]}
 */
function partsOf({ values }) {
  const { SIGNING_KEYS: keys, ...others } = values;
  const listed = ["TICKET_SECRET", "PEPPERS"].flatMap((name) =>
    (others[name] ?? "")
      .split(/[, \n\t]+/)
      .filter((part) => part !== "")
      .map((part) => {
        const text = part.replace(/^\d+:/, "");
        return { name, text, bytes: Buffer.from(text, "base64url") };
      }),
  );
  return [...keysIn(keys), ...listed];
}

/** @param {string | undefined} text */
function keysIn(text) {
  try {
    /** @type {{ keys: Record<string, string>[] }} */
    const { keys } = JSON.parse(text ?? '{"keys":[]}');
    return keys.map(({ d, k }) => ({
      name: "SIGNING_KEYS",
      text: k ?? d ?? "",
      // Only a symmetric key (`k`) can be weak: it might be a word that a person chose. A private
      // key on an elliptic curve was made by a program.
      bytes: k === undefined ? undefined : Buffer.from(k, "base64url"),
    }));
  } catch {
    // No error is needed here, because the check of the settings reports an invalid SIGNING_KEYS.
    return [];
  }
}

/** @param {Buffer} bytes */
const isWeak = (bytes) => bytes.length < BYTES || new Set(bytes).size < FEWEST_VALUES;

/** @param {{ name: string }[]} parts */
const namesOf = (parts) => [...new Set(parts.map(({ name }) => name))].join(", ");
