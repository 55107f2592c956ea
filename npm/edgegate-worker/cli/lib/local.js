// The settings of local development, as `wrangler dev` would read them from the command line,
// .dev.vars and wrangler's configuration.
import { Advice } from "./advice.js";
import { fromConfig, fromEnvFile, fromOptions, ignoredLines } from "./places.js";
import { bindingsOf, faultsOf } from "./settings.js";

/**
 * Reads the configuration. Throws if a line of a file of variables is not a setting. It does not
 * check whether the settings are valid: the caller does this with the function `faults` of the
 * result.
 *
 * @param {object} given
 * @param {() => Promise<import("./config.js").Config>} given.read reads the configuration
 * @param {string} given.path the absolute path of the configuration file
 * @param {string} [given.shownPath] the name of that file in messages
 * @param {string[]} given.files the absolute paths of the files of variables
 * @param {string} [given.environment]
 * @param {Map<string, string>} given.vars the variables from the command line (`--var`)
 * @param {string} given.issuer the local origin. It is used as ISSUER, unless ISSUER is set for
 *   local development
 * @param {string} given.checker the Worker's check.js
 */
export async function localSettings(given) {
  const { read, path, shownPath, files, environment, vars, issuer, checker } = given;
  const config = await read();
  const ignored = files.flatMap(ignoredLines);
  if (ignored.length > 0)
    throw new Advice(`a line is wrong. Nothing was started.\n\n${ignored.join("\n\n")}`);
  const setsIssuer = vars.has("ISSUER") || config.local.ISSUER !== undefined;
  const sources = [
    fromOptions(setsIssuer ? vars : new Map([["ISSUER", issuer], ...vars])),
    fromEnvFile(files[files.length - 1], config.local),
    fromConfig(path, config.vars, environment),
  ];
  return {
    config,
    path,
    /**
     * Whether ISSUER is set for local development. If it is not set, ISSUER is the local origin,
     * which contains the port.
     */
    setsIssuer,
    /** The absolute paths of the files that contain the settings. */
    files: [...files, path],
    faults: () =>
      faultsOf({
        sources,
        bindings: bindingsOf(config),
        flags: config.compatibility_flags,
        checker,
      }),
    context: { sources, environment, local: true, path: shownPath },
  };
}

/** @typedef {Awaited<ReturnType<typeof localSettings>>} LocalSettings */
