// The table of consumers in npm/edgegate/README.md.
import { readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "../../scripts/project/root.mjs";

const README = "npm/edgegate/README.md";
const BEGIN = "<!-- consumers: written by tests/consumers/run.mjs -->";
const END = "<!-- end of consumers -->";

/** The rows, as the README shows them. */
export function tableOf(rows, date) {
  const lines = rows.map(
    ({ title, version, how, places }) =>
      `| ${title} | ${version ?? ""} | ${how.replace(/"[^"]+"|require\(|\)/g, (part) => part)} | ${places.join(", ")} |`,
  );
  return [
    BEGIN,
    `Each row was built and run on ${date}: it verified tokens of both algorithms, refused forged ones,`,
    "and constructed the client.",
    "",
    "| used in | version | how | run in |",
    "|---|---|---|---|",
    ...lines,
    END,
  ].join("\n");
}

export function writeTable(rows) {
  const text = readFileSync(inRoot(README), "utf8");
  const [before, rest] = text.split(BEGIN);
  const after = rest.split(END)[1];
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(inRoot(README), before + tableOf(rows, date) + after);
}

/** The table's rows, as the README has them. */
export const readTable = () =>
  readFileSync(inRoot(README), "utf8")
    .split(BEGIN)[1]
    .split(END)[0]
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| used in"))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, title, version, how, places]) => ({ title, version, how, places }));
