// The latencies of the platform in milliseconds, with their sources. Cloudflare publishes only a
// few latencies, so most of these are assumptions. docs/scale.md says which ones are.

/**
 * The continents of the simulation. Users, Cloudflare's locations and the data can be on each of
 * them.
 */
export const CONTINENTS = ["Europe", "North America", "Asia"];

const AZURE = "https://learn.microsoft.com/azure/networking/azure-network-latency";
const DOCS = "https://developers.cloudflare.com";

/** The continent of the D1 database. */
export const PRIMARY = "Europe";
/**
 * The continents that have a central store of KV. This is an assumption, because Cloudflare does
 * not publish where the central stores are.
 */
export const CENTRAL_STORES = ["Europe", "North America"];

/**
 * The distribution of a latency. It is a lognormal distribution with `p95` and `median`, a uniform
 * distribution between `from` and `to`, or always the same `value`.
 *
 * @typedef {{ p95?: number, median?: number, from?: number, to?: number, value?: number,
 *   source: string }} Latency
 */

/** @type {Record<string, Latency>} */
export const LATENCIES = {
  "user and the nearest location": {
    median: 15,
    p95: 50,
    source:
      "[Cloudflare](https://www.cloudflare.com/network/): 95 % of the people on the internet are within 50 ms, most within 20 ms",
  },
  "within a continent": {
    p95: 14,
    source: `[Azure](${AZURE}), Netherlands and Frankfurt, July 2026; assumed to be the same for Cloudflare`,
  },
  "Europe and North America": {
    p95: 91,
    source: `[Azure](${AZURE}), Netherlands and Virginia; assumed to be the same for Cloudflare`,
  },
  "Europe and Asia": {
    p95: 181,
    source: `[Azure](${AZURE}), Netherlands and Singapore; assumed to be the same for Cloudflare`,
  },
  "North America and Asia": {
    p95: 229,
    source: `[Azure](${AZURE}), Virginia and Singapore; assumed to be the same for Cloudflare`,
  },
  "KV read, cached at the location": {
    from: 0.5,
    to: 10,
    source: `[Cloudflare](${DOCS}/workers/platform/storage-options/): 500 µs to 10 ms`,
  },
  "KV read or write in a central store": {
    median: 10,
    p95: 30,
    source: "assumption; the way to the nearest central store is added",
  },
  "D1 statement": {
    value: 1,
    source: `[Cloudflare](${DOCS}/d1/platform/limits/) calculates with 1 ms; the way to the database is added, and statements wait for one another`,
  },
  "object call": {
    value: 1,
    source: "assumption; the way to the object is added",
  },
  "object write, stored safely": {
    median: 8,
    p95: 20,
    source:
      "assumption; [Cloudflare](https://blog.cloudflare.com/sqlite-in-durable-objects/) holds the answer back until other machines have the write",
  },
  "object wakes up": {
    median: 20,
    p95: 60,
    source: "assumption, when it was not called for 10 s",
  },
};

/**
 * How much the round-trip time of a network varies around its median (the sigma of a lognormal
 * distribution). This is an assumption for networks of which only the p95 is published.
 */
export const NETWORK_SIGMA = 0.08;

/**
 * How long caches keep what they have read, in seconds. Only `isolates` is not a time but a number.
 */
export const CACHING = {
  /**
   * `REVOCATION_CACHE_TTL` in src/domain/policy.rs. If a key is read again within this time, KV
   * refreshes it, so the key stays in the cache.
   */
  kv: 30,
  /** `REVOCATION_MEMORY_TTL` in src/domain/policy.rs. */
  isolate: 15,
  /** The requests of one user go to this many isolates in a location. This is an assumption. */
  isolates: 4,
  /**
   * If a Durable Object gets no call for this many seconds, it goes to sleep, and the next call has
   * to wake it.
   */
  object: 10,
};

const Z95 = 1.6449;

/**
 * Makes a function that returns random values of a latency. `uniform` returns random numbers from 0
 * to 1, and `normal` random numbers with the standard normal distribution.
 *
 * @param {Latency} latency
 * @param {{ uniform: () => number, normal: () => number }} random
 */
export function sampler({ median, p95 = 0, from = 0, to = 0, value }, { uniform, normal }) {
  if (value !== undefined) return () => value;
  if (to > 0) return () => from + (to - from) * uniform();
  const sigma = median === undefined ? NETWORK_SIGMA : Math.log(p95 / median) / Z95;
  const middle = median ?? p95 / Math.exp(Z95 * sigma);
  return () => middle * Math.exp(sigma * normal());
}

/** The name that the latency between two continents has in LATENCIES. */
export function wayBetween(one, other) {
  if (one === other) return "within a continent";
  const [first, second] = CONTINENTS.filter((name) => name === one || name === other);
  return `${first} and ${second}`;
}
