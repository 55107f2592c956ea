// `npm run bench:scale`: computes for given numbers of users how much load Cloudflare gets, what
// that costs, which limit is reached first, and how long people wait. Without options it writes the
// tables and plots of docs/scale.md. With options it prints the tables for your own numbers and
// changes no file. For example:
//
//   npm run bench:scale -- --users 250000 --checks-per-minute 0 --active-share 0.3
import { readFileSync, writeFileSync } from "node:fs";
import { main } from "../../scripts/project/advice.mjs";
import { parsed } from "../../scripts/project/arguments.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { withMarked } from "../marked.mjs";
import { capacityParts, DOCUMENT, documented, modelOf } from "./document.mjs";
import { OPTIONS, own } from "./own.mjs";

await main(async () => {
  const { values } = parsed(
    { options: OPTIONS },
    `use it as \`npm run bench:scale\`, or with your own numbers: ${Object.keys(OPTIONS)
      .map((name) => `--${name}`)
      .join(", ")}`,
  );
  if (Object.keys(values).length === 0) return write();
  const { copy: _copy, ...tables } = capacityParts(modelOf(own(values)));
  console.log(Object.values(tables).join("\n\n"));
  return 0;
});

function write() {
  const { parts, plots } = documented(modelOf());
  let text = readFileSync(inRoot(DOCUMENT), "utf8");
  for (const [name, part] of Object.entries(parts)) text = withMarked(text, name, part);
  writeFileSync(inRoot(DOCUMENT), text);
  for (const [path, plot] of Object.entries(plots)) writeFileSync(inRoot(path), plot);
  console.log(`${DOCUMENT} and ${Object.keys(plots).join(", ")} are up to date.`);
  return 0;
}
