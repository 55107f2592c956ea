// Statistics of a few rounds, on a machine whose speed changes.

/** The value that is larger than this share of the values. A share of one half gives the median. */
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
