// Reads tests/vectors/agreement/tokens.json, and collects the results of a test run that verifies
// these tokens. This module also runs in workerd and in browsers, so it imports no module of Node.

/** Returns the vectors of the file, with the token of each vector as one string. */
export const read = (file) =>
  file.vectors.map((vector) => ({ ...vector, token: text(vector.token) }));

/**
 * In the file, a token is written as a string, as a list of parts to join, or as `{repeat, times}`.
 */
function text(written) {
  if (typeof written === "string") return written;
  if (Array.isArray(written)) return written.map(text).join("");
  return written.repeat.repeat(written.times);
}

/**
 * Creates an object that collects the results of one test run. `wrong` lists the differences as
 * sentences.
 */
export function tally() {
  const counts = { valid: 0, invalid: 0, checks: 0 };
  const wrong = [];
  return {
    counts,
    wrong,
    /**
     * Counts one more result of the kind `kind`. If `seen` differs from `expected`, adds a line to
     * `wrong`.
     */
    expect(kind, name, seen, expected) {
      counts[kind] += 1;
      const [was, should] = [seen, expected].map(canonical);
      if (was !== should) wrong.push(`${name}: ${was} and not ${should}`);
    },
  };
}

/** Returns the value as JSON with the members in alphabetical order. */
const canonical = (value) =>
  JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? String(value);

/**
 * Throws an error if there are differences. The error shows at most twenty of them, because one
 * mistake often causes hundreds.
 */
export function assertAgreed(wrong) {
  if (wrong.length > 0)
    throw new Error(`${wrong.length} differ:\n${wrong.slice(0, 20).join("\n")}`);
}

/** Returns the line that a test run prints. */
export const summary = (runner, { valid, invalid, checks }) =>
  `${runner}: ${valid} valid, ${invalid} invalid, ${checks} checks`;
