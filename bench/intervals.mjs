// Whether a difference is real: a ratio with its 95 % interval over the rounds.
//
// In a round all subjects take turns, so the numbers of one round are a pair. Each round gives one
// ratio. Its logarithm is used, so that A beside B and B beside A get the same verdict. The interval
// is Student's t over these logarithms. Rounds are few: with five of them a bootstrap can only
// repeat five values, and its intervals are too narrow. Student's t widens for few rounds.

/** How often the interval contains the true ratio. */
export const CONFIDENCE = 0.95;

/**
 * The value that the absolute value of Student's t stays below with this probability. `degrees` is
 * a whole number of at least 1.
 */
export function studentQuantile(degrees, probability = CONFIDENCE) {
  let [low, high] = [0, Math.PI / 2];
  // The angle has 52 bits.
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentWithin(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return Math.tan((low + high) / 2) * Math.sqrt(degrees);
}

/** P(|T| < √degrees · tan(angle)): Abramowitz and Stegun, 26.7.3 and 26.7.4. */
function studentWithin(angle, degrees) {
  const isOdd = degrees % 2 === 1;
  const cosine = Math.cos(angle);
  let term = isOdd ? cosine : 1;
  let sum = 0;
  for (let at = isOdd ? 2 : 1; at < degrees; at += 2) {
    sum += term;
    term *= (cosine ** 2 * at) / (at + 1);
  }
  const within = Math.sin(angle) * sum;
  return isOdd ? (2 / Math.PI) * (angle + within) : within;
}

/**
 * The geometric mean of `numerators[n] / denominators[n]` and its interval. `low` and `high` are
 * missing for one round, because one round shows no spread.
 *
 * @param {number[]} numerators
 * @param {number[]} denominators
 * @returns {{ ratio: number, low?: number, high?: number }}
 */
export function ratioInterval(numerators, denominators) {
  if (numerators.length === 0 || numerators.length !== denominators.length)
    throw new RangeError("a ratio needs as many numerators as denominators, and at least one");
  const logs = numerators.map((value, round) => Math.log(value / denominators[round]));
  if (!logs.every(Number.isFinite)) throw new RangeError("a ratio needs numbers above zero");
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  if (logs.length === 1) return { ratio: Math.exp(mean) };
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const half = studentQuantile(logs.length - 1) * Math.sqrt(variance / logs.length);
  return { ratio: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

/**
 * What the interval of a ratio says, where more than 1 is better: "ahead", "behind", "level" (the
 * interval contains 1), or "unknown" without an interval. It judges the two digits that are shown,
 * so that "0.93 to 1.00" is level.
 *
 * @param {{ low?: number, high?: number }} interval
 */
export function verdict({ low, high }) {
  if (low === undefined || high === undefined) return "unknown";
  if (Number(low.toFixed(DIGITS)) > 1) return "ahead";
  return Number(high.toFixed(DIGITS)) < 1 ? "behind" : "level";
}

const DIGITS = 2;

/**
 * "1.53 (1.41 to 1.66)", or "1.53 (no interval)".
 *
 * @param {{ ratio: number, low?: number, high?: number }} interval
 */
export function shownInterval({ ratio, low, high }) {
  const [middle, least, most] = [ratio, low, high].map((value) => value?.toFixed(DIGITS));
  return least === undefined ? `${middle} (no interval)` : `${middle} (${least} to ${most})`;
}
