// Statistics of values that were measured in a few rounds. The speed of the machine changes between
// rounds, so medians are used instead of means.

/**
 * The quantile: `share` of the values are smaller than the result. With a share of one half it is
 * the median.
 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

/** The median, the smallest and the largest of the values. */
export function spread(values) {
  return { median: quantile(values, 0.5), least: Math.min(...values), most: Math.max(...values) };
}
