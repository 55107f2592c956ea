// Makes the parts of docs/scale.md that `npm run bench:scale` writes, and the plots for that
// document.
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
 * The data from which all parts are computed. By default they are those of docs/scale.md. The
 * caller can replace some of them with `use` and `sizes`.
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

/** The parts of the document that need no simulation, keyed by their names. */
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

/** All parts and plots of the document. This runs the simulation, which takes some seconds. */
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
