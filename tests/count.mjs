// Some tests try many inputs. When `npm test` ends, it prints a line for each of these tests, with
// the number of inputs that were tried. tests/counts.json contains a minimum for the first number
// of each line. So a test can't silently try fewer inputs than this minimum. If a line has no
// minimum, `npm test` fails and says what to add.
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
