// The settings of local development: what `npm start` would run, from the command line, .dev.vars
// and wrangler.toml.
import { resolve } from "node:path";
import { Advice } from "../project/advice.mjs";
import { readConfig } from "../project/config.mjs";
import { devVarsPath } from "../project/dev-vars.mjs";
import { inRoot, root } from "../project/root.mjs";
import { bindingsOf, faultsOf } from "./check.mjs";
import { fromConfig, fromEnvFile, fromOptions, ignoredLines } from "./places.mjs";

/**
 * Reads the configuration and judges it. `issuer` is the local origin, which stands for an ISSUER
 * that only a deployed Worker has.
 *
 * @param {ReturnType<typeof import("../project/dev-arguments.mjs").devArguments>} given
 * @param {string} issuer
 */
export async function localSettings({ environment, config: path, envFiles, vars }, issuer) {
  const config = await readConfig(environment, { path, envFiles });
  const file = inRoot(path ?? "wrangler.toml");
  const files = envFiles.length > 0 ? envFiles : [devVarsPath(environment)];
  const ignored = files.flatMap((name) => ignoredLines(resolve(root, name)));
  if (ignored.length > 0)
    throw new Advice(`a line is wrong. Nothing was started.\n\n${ignored.join("\n\n")}`);
  const setsIssuer = vars.has("ISSUER") || config.local.ISSUER !== undefined;
  const sources = [
    fromOptions(setsIssuer ? vars : new Map([["ISSUER", issuer], ...vars])),
    fromEnvFile(resolve(root, files[files.length - 1]), config.local),
    fromConfig(file, config.vars, environment),
  ];
  return {
    config,
    /** Whether ISSUER is set for local development, and so does not follow the port. */
    setsIssuer,
    /** The files whose edits change the settings, with absolute paths. */
    files: [...files.map((name) => resolve(root, name)), file],
    faults: () => faultsOf({ sources, bindings: bindingsOf(config) }),
    context: { sources, environment, local: true, path },
  };
}
