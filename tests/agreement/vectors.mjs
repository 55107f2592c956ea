// The file of tokens, and the report of every runner. It uses no module of Node, because it also
// runs in workerd and in browsers.

/** The vectors of tests/vectors/agreement/tokens.json, each with its token as a text. */
export const read = (file) =>
  file.vectors.map((vector) => ({ ...vector, token: text(vector.token) }));

/** A token as the file writes it: a text, or texts and counted repetitions to be joined. */
function text(written) {
  if (typeof written === "string") return written;
  if (Array.isArray(written)) return written.map(text).join("");
  return written.repeat.repeat(written.times);
}

/** The report of a runner. `wrong` is a list of sentences. */
export function tally() {
  const counts = { valid: 0, invalid: 0, checks: 0 };
  const wrong = [];
  return {
    counts,
    wrong,
    /** Counts one more case of `kind`, and notes how it differs from the expected result. */
    expect(kind, name, seen, expected) {
      counts[kind] += 1;
      const [was, should] = [seen, expected].map(canonical);
      if (was !== should) wrong.push(`${name}: ${was} and not ${should}`);
    },
  };
}

/** JSON with the members in alphabetical order. */
const canonical = (value) =>
  JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? String(value);

/** Fails with the first twenty differences. If one thing is wrong, often everything is. */
export function assertAgreed(wrong) {
  if (wrong.length > 0)
    throw new Error(`${wrong.length} differ:\n${wrong.slice(0, 20).join("\n")}`);
}

/** The line that a runner prints. */
export const summary = (runner, { valid, invalid, checks }) =>
  `${runner}: ${valid} valid, ${invalid} invalid, ${checks} checks`;
