// Where this package keeps what it was built with.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * A path in this package: `worker`, `www` or `migrations`, and what is in them.
 *
 * @param {string[]} parts
 */
export const inPackage = (...parts) => join(ROOT, ...parts);

/** The module that judges settings. */
export const CHECKER = inPackage("worker/check.js");

/** Whether this is the packed package. In edgegate's own repository it has no Worker and no pages. */
export const isBuilt = () => existsSync(CHECKER);
