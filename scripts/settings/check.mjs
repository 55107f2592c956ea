// Checks settings and bindings with the code of the built Worker (build/check.js).
import { existsSync, readdirSync, statSync } from "node:fs";
import * as settings from "../../npm/edgegate-worker/cli/lib/settings.js";
import { Advice } from "../project/advice.mjs";
import { inRoot } from "../project/root.mjs";
import { SOURCES } from "../project/worker-module.mjs";

export {
  bindingsOf,
  heading,
  SECRETS,
  told,
} from "../../npm/edgegate-worker/cli/lib/settings.js";

/** The module that checks settings. The build makes it. */
export const BUILT = "build/check.js";

/**
 * Finds what is wrong with variables and bindings.
 *
 * @param {Omit<Parameters<typeof settings.faultsOf>[0], "checker">} configuration
 */
export async function faultsOf(configuration) {
  const checker = inRoot(BUILT);
  if (!existsSync(checker)) throw new Advice("there is no Worker yet: run `npm run build`.");
  return settings.faultsOf({ ...configuration, checker });
}

/**
 * Whether build/check.js is newer than all its sources. If it is, it can check the settings without
 * a new build.
 */
export function checkerIsCurrent() {
  if (!existsSync(inRoot(BUILT))) return false;
  const built = statSync(inRoot(BUILT)).mtimeMs;
  const isOlder = (/** @type {string[]} */ ...path) => statSync(inRoot(...path)).mtimeMs < built;
  return SOURCES.every(
    (source) =>
      isOlder(source) &&
      (!statSync(inRoot(source)).isDirectory() ||
        readdirSync(inRoot(source), { recursive: true }).every((name) =>
          isOlder(source, `${name}`),
        )),
  );
}
