// The project's folder, which does not depend on the folder from which a script is called.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/**
 * A path inside the project.
 *
 * @param {string[]} parts
 */
export const inRoot = (...parts) => join(root, ...parts);
