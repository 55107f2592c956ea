// The settings of local development, as `npm start` reads them from the command line, .dev.vars and
// wrangler.toml.
import { resolve } from "node:path";
import * as local from "../../npm/edgegate-worker/cli/lib/local.js";
import { readConfig } from "../project/config.mjs";
import { devVarsPath } from "../project/dev-vars.mjs";
import { inRoot, root } from "../project/root.mjs";
import { BUILT } from "./check.mjs";

/**
 * Reads the configuration. It does not check whether the settings are valid: the caller does this
 * with the function `faults` of the result. `issuer` is the local origin. It is used as ISSUER,
 * unless ISSUER is set for local development.
 *
 * @param {ReturnType<typeof import("../project/dev-arguments.mjs").devArguments>} given
 * @param {string} issuer
 */
export const localSettings = ({ environment, config: path, envFiles, vars }, issuer) =>
  local.localSettings({
    read: () => readConfig(environment, { path, envFiles }),
    path: inRoot(path ?? "wrangler.toml"),
    shownPath: path,
    files: (envFiles.length > 0 ? envFiles : [devVarsPath(environment)]).map((name) =>
      resolve(root, name),
    ),
    environment,
    vars,
    issuer,
    checker: inRoot(BUILT),
  });
