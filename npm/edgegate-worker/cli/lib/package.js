// The paths of the files in this package.
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

const PACKED_CHECKER = inPackage("worker/check.js");

/**
 * Whether this is the packed package. In edgegate's own repository, this folder has no Worker and
 * no pages: builds go to the root of the repository.
 */
export const isPacked = existsSync(PACKED_CHECKER);

/** A path that is in the package when it is packed, and in the root of the repository otherwise. */
const inEither = (/** @type {string} */ packed, /** @type {string} */ inRepository) =>
  isPacked ? inPackage(packed) : inPackage("../..", inRepository);

/** The module that checks settings. */
export const CHECKER = inEither("worker/check.js", "build/check.js");

/** The template's configuration, which has everything that this release needs. */
export const DEFAULTS = inEither("defaults/wrangler.jsonc", "template/wrangler.jsonc");

/** Throws if the package is not packed, which is so in edgegate's own repository. */
export function requireBuilt() {
  if (!isPacked)
    throw new Advice(
      "this is edgegate's own repository, where `npm start` runs the service from its sources.",
    );
}
