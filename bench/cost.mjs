// Reads the tables in the section Cost of docs/operations.md, and computes from them what an
// operation costs. tests/e2e/operations.test.mjs checks that these tables agree with the built
// Worker.
import { readFileSync } from "node:fs";
import { inRoot } from "../scripts/project/root.mjs";

/**
 * For each store: the operation that a login causes at a later time, and how often it happens per
 * login.
 */
export const LATER = { kv: ["count of the sessions", 1 / 8], durable: ["cleanup", 1] };

const GIGABYTES_OF_AN_OBJECT = 0.128;
const OPERATIONS_OF_A_MESSAGE = 3;

export function section(markdown, heading) {
  const [, after] = markdown.split(`\n${heading}\n`);
  return after.split("\n## ")[0];
}

/**
 * The tables of a Markdown text, keyed by the header of their first column. Each table is `{
 * header, rows }`, and each cell is a text.
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
 * The numbers of docs/operations.md:
 * - `operations[store][act][unit]`: how many of a unit an act uses, as counted.
 * - `prices[unit]`: the price of a million in dollars.
 * - `included[unit]`: the amount per month that is included in the plan.
 * - `assumed[what]`: the assumptions.
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
 * Converts a bill from the counted units to the units of Cloudflare's price list.
 */
export function billed(bill, cpuMilliseconds, assumed) {
  const { messages = 0, "log lines": lines = 0, "D1 statements": _free, ...units } = bill;
  const awake = (bill["object calls"] ?? 0) * assumed["an object's time awake for a call, ms"];
  return {
    ...units,
    "object GB-s": (awake * GIGABYTES_OF_AN_OBJECT) / 1000,
    "queue operations": messages * OPERATIONS_OF_A_MESSAGE,
    "CPU ms": cpuMilliseconds,
    // These are only the lines that edgegate itself logs, because wrangler.toml turns off the log
    // line that the platform would write for each request.
    "log events": lines,
  };
}

/**
 * The cost of a million operations in dollars, for each column of the table in docs/operations.md.
 * `bill` is what one operation uses.
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
