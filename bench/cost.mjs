// Reads the tables in the section Cost of docs/operations.md, and computes from them what an
// operation costs. tests/e2e/operations.test.mjs compares the tables with the built Worker.
import { readFileSync } from "node:fs";
import { inRoot } from "../scripts/project/root.mjs";

/**
 * The operation that a login causes later, with each store, and how many times each login causes
 * it.
 */
export const LATER = { kv: ["count of the sessions", 1 / 8], durable: ["cleanup", 1] };

const GIGABYTES_OF_AN_OBJECT = 0.128;
const OPERATIONS_OF_A_MESSAGE = 3;

export function section(markdown, heading) {
  const [, after] = markdown.split(`\n${heading}\n`);
  return after.split("\n## ")[0];
}

/**
 * The tables of a Markdown text, keyed by the header of their first column. Each is
 * `{ header, rows }`, with cells as text.
 */
export function tables(markdown) {
  const cells = (line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
  const found = {};
  for (const block of markdown.split(/\n\n+/)) {
    const [header, , ...rows] = block.trim().split("\n");
    if (header.startsWith("|"))
      found[cells(header)[0]] = { header: cells(header), rows: rows.map(cells) };
  }
  return found;
}

export const pricesOf = ({ rows }) =>
  Object.fromEntries(rows.map(([what, price]) => [what, Number(price.replace("$", ""))]));

/**
 * The numbers of docs/operations.md: the counted `operations[store][act][unit]`, the `prices[unit]`
 * in dollars per million, the amounts `included[unit]` per month, and the assumptions
 * `assumed[what]`.
 */
export function documentedCost() {
  const found = tables(section(readFileSync(inRoot("docs/operations.md"), "utf8"), "## Cost"));
  const { header, rows } = found.operation;
  /** @type {Record<string, Record<string, Record<string, number>>>} */
  const operations = {};
  for (const [act, store, ...amounts] of rows) {
    const units = header.slice(2).map((unit, index) => [unit, Number(amounts[index])]);
    operations[store] = { ...operations[store], [act]: Object.fromEntries(units) };
  }
  const included = found.billed.rows.map(([unit, , amount]) => [unit, numberOf(amount)]);
  return {
    operations,
    prices: pricesOf(found.billed),
    included: Object.fromEntries(included),
    assumed: Object.fromEntries(found.assumed.rows.map(([what, amount]) => [what, Number(amount)])),
  };
}

/** Reads an amount such as "10 million" or "400,000". */
function numberOf(text) {
  const [amount, word] = text.replaceAll(",", "").split(" ");
  return Number(amount) * ({ million: 1e6, billion: 1e9 }[word] ?? 1);
}

export function sum(bills) {
  const all = {};
  for (const bill of bills)
    for (const [what, amount] of Object.entries(bill)) all[what] = (all[what] ?? 0) + amount;
  return all;
}

export const times = (bill, factor) =>
  Object.fromEntries(Object.entries(bill).map(([what, amount]) => [what, amount * factor]));

/**
 * Converts a bill to the units of the price list. Some of these units are computed from the units
 * that were counted.
 */
export function billed(bill, cpuMilliseconds, assumed) {
  const { messages = 0, "log lines": lines = 0, "D1 statements": _free, ...units } = bill;
  const awake = (bill["object calls"] ?? 0) * assumed["an object's time awake for a call, ms"];
  return {
    ...units,
    "object GB-s": (awake * GIGABYTES_OF_AN_OBJECT) / 1000,
    "queue operations": messages * OPERATIONS_OF_A_MESSAGE,
    "CPU ms": cpuMilliseconds,
    // Only edgegate's own lines: wrangler.toml turns off the platform's log line for each request.
    "log events": lines,
  };
}

/**
 * What a million of an operation costs in dollars, for each column of the table in
 * docs/operations.md.
 */
export function priced(bill, cpuMilliseconds, prices, assumed) {
  const units = billed(bill, cpuMilliseconds, assumed);
  const cost = (...names) =>
    names.reduce((all, name) => {
      if (!(name in prices)) throw new Error(`docs/operations.md has no price of ${name}`);
      return all + prices[name] * (units[name] ?? 0);
    }, 0);
  return {
    requests: cost("Worker requests"),
    writes: cost("KV writes", "KV deletes", "KV lists", "D1 rows written", "object rows written"),
    otherwise: cost(
      "KV keys read",
      "D1 rows read",
      "object rows read",
      "object calls",
      "object GB-s",
      "queue operations",
    ),
    cpu: cost("CPU ms"),
    logs: cost("log events"),
  };
}
