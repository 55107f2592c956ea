// Decides whether a measured difference is more than chance, with the 95 % confidence interval of a
// ratio.
//
// Each subject is measured once in each round. So to compare two subjects, there is one ratio of
// their values per round. The interval is computed from the logarithms of these ratios. With
// logarithms, the interval of A / B is the reciprocal of the interval of B / A, so it does not
// matter which of the two is divided by the other.
//
// The interval uses Student's t distribution, which gives wider intervals for fewer rounds. A
// bootstrap would give intervals that are too narrow: it draws from the measured values, and five
// rounds have only five values.

/** The probability that the interval contains the true ratio. */
export const CONFIDENCE = 0.95;

/**
 * A quantile of Student's t distribution: with this probability, the absolute value of t is below
 * the result. `degrees` is the number of degrees of freedom, a whole number of at least 1.
 */
export function studentQuantile(degrees, probability = CONFIDENCE) {
  let [low, high] = [0, Math.PI / 2];
  // Each step halves the range. 60 steps are enough, because a number has only 52 bits after the
  // point.
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentWithin(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return Math.tan((low + high) / 2) * Math.sqrt(degrees);
}

/**
 * The probability P(|T| < √degrees · tan(angle)) of Student's t distribution. The formulas are
 * those of Abramowitz and Stegun, 26.7.3 and 26.7.4.
 */
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
 * The geometric mean of the ratios `numerators[n] / denominators[n]`, and its confidence interval
 * from `low` to `high`. With only one round, `low` and `high` are missing, because one value does
 * not show how much the values vary.
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
 * Whether a ratio is above or below 1, judged by its confidence interval. "ahead" means above 1,
 * "behind" below 1, "level" that the interval contains 1, and "unknown" that there is no interval.
 * The bounds are first rounded to the two decimals that are shown, so "0.93 to 1.00" is level.
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
 * The ratio as text, such as "1.53 (1.41 to 1.66)" or "1.53 (no interval)".
 *
 * @param {{ ratio: number, low?: number, high?: number }} interval
 */
export function shownInterval({ ratio, low, high }) {
  const [middle, least, most] = [ratio, low, high].map((value) => value?.toFixed(DIGITS));
  return least === undefined ? `${middle} (no interval)` : `${middle} (${least} to ${most})`;
}
