// Prints a configuration of wrangler as JSON, read by wrangler itself: `node print-config.mjs
// '{"environment":"staging"}'`. `envFiles` also reads what local development adds: .dev.vars, or
// these files. This is a separate program because wrangler can be imported only when node_modules
// exists, and only by Node 22 or newer.
const { experimental_readRawConfig, unstable_getVarsForDev, unstable_readConfig } = await import(
  "wrangler"
);
const { path = "wrangler.toml", environment, envFiles } = JSON.parse(process.argv[2]);
try {
  process.stdout.write(JSON.stringify(read()));
} catch (error) {
  process.stderr.write(/** @type {Error} */ (error).message);
  process.exitCode = 1;
}

function read() {
  const { rawConfig } = experimental_readRawConfig({ config: path }, { hideWarnings: true });
  const definedEnvironments = Object.keys(rawConfig.env ?? {});
  // Named by the reader, with the nearest one.
  if (environment && !definedEnvironments.includes(environment)) return { definedEnvironments };
  const config = unstable_readConfig({ config: path, env: environment }, { hideWarnings: true });
  const local =
    envFiles && unstable_getVarsForDev(config.configPath, envFiles, {}, environment, true);
  const values = Object.entries(local ?? {}).map(([name, { value }]) => [name, value]);
  return { ...config, definedEnvironments, local: Object.fromEntries(values) };
}
