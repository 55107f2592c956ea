// `npm run test:wide` runs the test files that import this module. They do more there than in `npm
// test`. JavaScript tests find out only here which of the two commands is running.

export const isWide = process.env.EDGEGATE_WIDE === "1";

/**
 * Returns `usual` in `npm test`, and the larger number `inWide` in `npm run test:wide`.
 *
 * @param {number} usual
 * @param {number} inWide
 */
export const wide = (usual, inWide) => (isWide ? inWide : usual);
