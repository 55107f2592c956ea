// The figures as a table in Markdown.

export function table({ works, sizes, floor }) {
  const lines = [];
  for (const { title, connections, subjects } of Object.values(works)) {
    const rows = Object.entries(subjects).sort(([, a], [, b]) => b.rate.median - a.rate.median);
    const hasShare = rows.some(([, { share }]) => share);
    lines.push("", `**${title}**, ${connections} connections`, "", `| | requests/s | least to most | ${hasShare ? `of ${floor} | ` : ""}p50 ms | p99 ms |`, `|---|---|---|${hasShare ? "---|" : ""}---|---|`);
    for (const [name, { rate, share, milliseconds }] of rows) {
      const shown = share ? `${share.median.toFixed(2)} (${share.least.toFixed(2)} to ${share.most.toFixed(2)}) | ` : "";
      lines.push(`| ${name} | ${number(rate.median)} | ${number(rate.least)} to ${number(rate.most)} | ${shown}${milliseconds.p50.toFixed(2)} | ${milliseconds.p99.toFixed(2)} |`);
    }
  }
  lines.push("", "**size**, minified and gzipped", "", "| | KB |", "|---|---|");
  for (const [name, bytes] of Object.entries(sizes).sort(([, a], [, b]) => b - a)) lines.push(`| ${name} | ${(bytes / 1024).toFixed(0)} |`);
  return lines.join("\n");
}

const number = (value) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en"));
