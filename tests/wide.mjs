// `npm run test:wide` runs the same tests as `npm test` with larger numbers. Only this file knows
// which of the two is running.

export const isWide = process.env.EDGEGATE_WIDE === "1";

/**
 * The number for `npm test`, or the larger one for `npm run test:wide`.
 *
 * @param {number} usual
 * @param {number} inWide
 */
export const wide = (usual, inWide) => (isWide ? inWide : usual);
