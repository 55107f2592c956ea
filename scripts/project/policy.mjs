// Constants of src/domain/policy.rs, for scripts: read from there, so that no script has a copy that can differ.
import { readFileSync } from "node:fs";
import { inRoot } from "./root.mjs";

const FILE = "src/domain/policy.rs";
let source;

/**
 * The value of a constant, such as `policy("STALE_TTL")`: a text, or a sum of products of numbers and
 * other constants.
 */
export function policy(name) {
  source ??= readFileSync(inRoot(FILE), "utf8");
  const found = new RegExp(`^pub const ${name}: (?:\\w+|&str) = ([^;]+);`, "m").exec(source);
  if (!found) throw new Error(`${FILE} has no constant ${name}`);
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

function value(text) {
  const digits = text.replaceAll("_", "");
  if (/^\d+$/.test(digits)) return Number(digits);
  if (/^[A-Z][A-Z0-9_]*$/.test(text)) return policy(text);
  throw new Error(`${FILE}: "${text}" is neither a number nor a constant`);
}
