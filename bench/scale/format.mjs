// Formats numbers and tables for docs/scale.md.

/** A number, rounded to two or three significant digits: "0.021", "4.2", "837,000". */
export const short = (value) =>
  value.toLocaleString("en", { maximumSignificantDigits: value < 10 ? 2 : 3 });

/** A number of people in words: "1 thousand", "2.5 million". */
export function people(value) {
  for (const [size, name] of [
    [1e9, "billion"],
    [1e6, "million"],
    [1e3, "thousand"],
  ])
    if (value >= Number(size)) return `${short(value / Number(size))} ${name}`;
  return short(value);
}

/** An amount of dollars: "$5.00", "$12", "$1,810", "$12,700". */
export const dollars = (value) =>
  `$${value < 100 ? value.toFixed(value < 10 ? 2 : 0) : short(value)}`;

export function markdownTable(header, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(header), `|${"---|".repeat(header.length)}`, ...rows.map(line)].join("\n");
}

/** A Markdown link from a document in docs/ to a web page or to another document. */
export const link = (text, source) => `[${text}](${source})`;
