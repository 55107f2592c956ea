// Pseudo-random numbers that are the same in each run.

/**
 * Makes a function that returns the next random number, at least 0 and below 1. The numbers depend
 * on the seed. The algorithm is mulberry32.
 */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Makes a function that returns random numbers with the standard normal distribution. It computes
 * them from uniformly distributed numbers with the method of Box and Muller.
 */
export const normal = (uniform) => () =>
  Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
