// What a few rounds can show on a machine that drifts.

/** The quantile: this share of the values is smaller. A share of one half gives the median. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

/** `{ median, least, most }`. */
export function spread(values) {
  return { median: quantile(values, 0.5), least: Math.min(...values), most: Math.max(...values) };
}
