// What docs/scale.md shows: its parts, which are written by `npm run bench:scale`, and its plots.
import { documentedCost } from "../cost.mjs";
import * as facts from "./facts.mjs";
import {
  latenciesOf,
  latencySourcesTable,
  latencyTable,
  lookedUpSentence,
} from "./latency-tables.mjs";
import { latencyPlot, scalePlot } from "./plots.mjs";
import { storesOf } from "./stores.mjs";
import {
  breaksTable,
  bytesTable,
  copyTable,
  databasesTable,
  monthTable,
  ofOneTable,
  peakTable,
  storedTable,
  storesSentence,
  summary,
  useTable,
} from "./tables.mjs";

export const DOCUMENT = "docs/scale.md";
export const PLOTS = { capacity: "docs/scale.svg", latency: "docs/scale-latency.svg" };

/**
 * What everything is computed from. `use` and `sizes` replace the document's.
 *
 * @param {{ use?: Partial<typeof facts.USE>, sizes?: number[] }} [own]
 * @returns {import("./tables.mjs").Model}
 */
export function modelOf({ use = {}, sizes = facts.SIZES } = {}) {
  const cost = documentedCost();
  return {
    stores: storesOf(cost),
    use: { ...facts.USE, ...use },
    bytes: facts.BYTES,
    sizes,
    cost,
    facts,
  };
}

/** The parts of the document, by their names. */
export function capacityParts(model) {
  return {
    summary: summary(model),
    use: useTable(model),
    bytes: bytesTable(model),
    stores: storesSentence(model),
    peak: peakTable(model),
    stored: storedTable(model),
    month: monthTable(model),
    breaks: breaksTable(model),
    "one address": ofOneTable(model),
    databases: databasesTable(model),
    copy: copyTable(model),
  };
}

/** All parts and plots. It simulates, which takes some seconds. */
export function documented(model) {
  const { found, lookedUp } = latenciesOf(model);
  return {
    parts: {
      ...capacityParts(model),
      latencies: latencySourcesTable(),
      simulation: latencyTable(found),
      lookups: lookedUpSentence(lookedUp),
    },
    plots: {
      [PLOTS.capacity]: scalePlot(model),
      [PLOTS.latency]: latencyPlot(found),
    },
  };
}
