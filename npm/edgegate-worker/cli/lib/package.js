// Where this package keeps what it was built with.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Advice } from "./advice.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * A path in this package: `worker`, `www` or `migrations`, and what is in them.
 *
 * @param {string[]} parts
 */
export const inPackage = (...parts) => join(ROOT, ...parts);

/** The module that judges settings. */
export const CHECKER = inPackage("worker/check.js");

/** Throws in edgegate's own repository, where this package has no Worker and no pages. */
export function requireBuilt() {
  if (!existsSync(CHECKER))
    throw new Advice(
      "this is edgegate's own repository, where `npm start` runs the service from its sources.",
    );
}
