// The lines that `npm test` prints at its end. Each test that tries many cases says how many it
// tried. tests/counts.json has the minimum for the first number of each line. If a minimum is
// missing, `npm test` fails and says what to add.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Notes a line under `slug`, such as "463 access tokens over HTTP: 39 valid, 424 refused". It does
 * so only under `npm test`.
 *
 * @param {string} slug
 * @param {string} line
 */
export function count(slug, line) {
  const folder = process.env.EDGEGATE_COUNTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, slug), line);
}
