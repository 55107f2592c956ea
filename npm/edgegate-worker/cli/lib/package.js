// The paths of the files in this package.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Advice } from "./advice.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The path of a file or folder in this package, such as a file in its folder `www`.
 *
 * @param {string[]} parts
 */
export const inPackage = (...parts) => join(ROOT, ...parts);

const PACKED_CHECKER = inPackage("worker/check.js");

/**
 * Whether this code runs in the packed package, as users install it. In edgegate's own repository,
 * the folder of this package contains no Worker and no pages, because the build writes them to the
 * root of the repository.
 */
export const isPacked = existsSync(PACKED_CHECKER);

/**
 * Returns the path of `packed` in the packed package. In edgegate's own repository, returns the
 * path of `inRepository` in the root of the repository.
 */
const inEither = (/** @type {string} */ packed, /** @type {string} */ inRepository) =>
  isPacked ? inPackage(packed) : inPackage("../..", inRepository);

/** The module that checks settings. */
export const CHECKER = inEither("worker/check.js", "build/check.js");

/** The template's configuration, which has everything that this release needs. */
export const DEFAULTS = inEither("defaults/wrangler.jsonc", "template/wrangler.jsonc");

/** Throws if this code runs in edgegate's own repository, where the package is not packed. */
export function requireBuilt() {
  if (!isPacked)
    throw new Advice(
      "this is edgegate's own repository, where `npm start` runs the service from its sources.",
    );
}
