// At its end `npm test` prints a line for each test that tries many inputs, with the number of
// inputs that were tried. tests/counts.json has a minimum for the first number of each line, so a
// test can't silently try fewer. If a line has no minimum, `npm test` fails and says what to add.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Records a line under the name `slug`, such as "463 access tokens over HTTP: 39 valid, 424
 * refused". Does nothing if the test does not run under `npm test`.
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
