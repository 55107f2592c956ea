// Reads a configuration with wrangler's own code and prints it as JSON:
//   node print-config.js '{"path":"wrangler.toml","environment":"staging"}'
// With `envFiles`, the output also has the variables of local development, from these files, or
// from .dev.vars if the list is empty. With `withOthers`, it also has the other environments. This
// is a separate program, because wrangler can be imported only after node_modules was installed,
// and only by Node 22 or newer.
import { stripVTControlCharacters } from "node:util";

const { experimental_readRawConfig, unstable_getVarsForDev, unstable_readConfig } = await import(
  "wrangler"
);
const { path, environment, envFiles, withOthers } = JSON.parse(process.argv[2]);
/**
 * With this name, wrangler returns the top level of the configuration. Without a name, it would use
 * the environment that the variable CLOUDFLARE_ENV names.
 */
const TOP = "";
/** @type {string[]} */
const warnings = [];
console.warn = (...parts) => warnings.push(stripVTControlCharacters(parts.join(" ")));
try {
  process.stdout.write(JSON.stringify(read()));
} catch (thrown) {
  const { message, location } =
    /** @type {Error & { location?: { line: number, lineText: string } }} */ (thrown);
  const place = location ? ` (line ${location.line}: ${location.lineText.trim()})` : "";
  process.stderr.write(message + place);
  process.exitCode = 1;
}
// Ends the process here, because wrangler would go on and ask the npm registry for a newer version
// of itself.
process.exit();

function read() {
  const { rawConfig } = experimental_readRawConfig({ config: path }, { hideWarnings: true });
  const definedEnvironments = Object.keys(rawConfig.env ?? {});
  // The caller, config.js, reports that there is no such environment, and which name is nearest.
  if (environment && !definedEnvironments.includes(environment)) return { definedEnvironments };
  const config = unstable_readConfig(
    { config: path, env: environment || TOP },
    { hideWarnings: false },
  );
  refuseUnknownFields(warnings.join("\n"));
  const local =
    envFiles && unstable_getVarsForDev(config.configPath, envFiles, {}, environment, true);
  const values = Object.entries(local ?? {}).map(([name, { value }]) => [name, value]);
  const names = [TOP, ...definedEnvironments].filter((name) => name !== (environment || TOP));
  const others = withOthers
    ? names.map((name) => unstable_readConfig({ config: path, env: name }, { hideWarnings: true }))
    : [];
  return { ...config, definedEnvironments, others, local: Object.fromEntries(values) };
}

/**
 * Throws if wrangler has warned of an unknown field, such as a misspelt [var]. wrangler itself
 * would only warn and ignore the field.
 *
 * @param {string} text
 */
function refuseUnknownFields(text) {
  const found = [...text.matchAll(/Unexpected fields found in (.+) field: (.+)/g)].map(
    ([, where, names]) =>
      `${names.replaceAll(",", ", ")} ${where === "top-level" ? "at the top level" : `under ${where}`}`,
  );
  if (found.length > 0)
    throw new Error(
      `wrangler doesn't know these fields and would ignore them: ${found.join("; ")}. Correct each name, or remove the field.`,
    );
}
