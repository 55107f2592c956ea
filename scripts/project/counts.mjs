// What the tests of one run say they tried, gathered in a folder: a file for each, a line in it.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./root.mjs";

const FOLDER = inRoot("target/counts");

/** Tells tests where to note; forgets what an earlier run noted. */
export function beginCounts() {
  rmSync(FOLDER, { recursive: true, force: true });
  process.env.EDGEGATE_COUNTS = FOLDER;
}

/** The lines noted, in the order of their names. */
export function counts() {
  try {
    return readdirSync(FOLDER)
      .sort()
      .map((name) => readFileSync(join(FOLDER, name), "utf8"));
  } catch {
    return [];
  }
}
