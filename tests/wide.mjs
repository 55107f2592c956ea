// `npm run test:wide` runs the same tests as `npm test`, but with more inputs. This module is the
// only one that knows which of the two commands is running.

export const isWide = process.env.EDGEGATE_WIDE === "1";

/**
 * Returns `usual` in `npm test`, and the larger number `inWide` in `npm run test:wide`.
 *
 * @param {number} usual
 * @param {number} inWide
 */
export const wide = (usual, inWide) => (isWide ? inWide : usual);
