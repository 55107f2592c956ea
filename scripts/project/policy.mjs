// Gives scripts the values of constants in src/domain/policy.rs and crates/token/src/limits.rs. It
// reads them from these Rust files, so that no script has its own copy, which could differ.
import { readFileSync } from "node:fs";
import { inRoot } from "./root.mjs";

const FILES = ["src/domain/policy.rs", "crates/token/src/limits.rs"];
/** @type {string | undefined} */
let source;

/**
 * The value of a constant, as in `policy("STALE_TTL")`. The constant can be a text, or a sum of
 * products of numbers and other constants.
 *
 * @param {string} name
 * @returns {any}
 */
export function policy(name) {
  source ??= FILES.map((path) => readFileSync(inRoot(path), "utf8")).join("\n");
  const found = new RegExp(`^pub const ${name}: (?:\\w+|&str) = ([^;]+);`, "m").exec(source);
  if (!found) throw new Error(`no constant ${name} in ${FILES.join(" or ")}`);
  const text = /^"([^"\\]*)"$/.exec(found[1]);
  if (text) return text[1];
  return found[1]
    .split("+")
    .reduce(
      (sum, term) =>
        sum + term.split("*").reduce((product, factor) => product * value(factor.trim()), 1),
      0,
    );
}

/**
 * @param {string} text
 * @returns {number}
 */
function value(text) {
  const digits = text.replaceAll("_", "");
  if (/^\d+$/.test(digits)) return Number(digits);
  if (/^[A-Z][A-Z0-9_]*$/.test(text)) return policy(text);
  throw new Error(`"${text}" in ${FILES.join(" or ")} is neither a number nor a constant`);
}
