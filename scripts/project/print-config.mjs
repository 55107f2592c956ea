// Prints a configuration of wrangler as JSON, read by wrangler itself: `node print-config.mjs
// '{"environment":"staging"}'`. `envFiles` also reads what local development adds: .dev.vars, or
// these files. This is a separate program because wrangler can be imported only when node_modules
// exists, and only by Node 22 or newer.
const { unstable_getVarsForDev, unstable_readConfig } = await import("wrangler");
const { path = "wrangler.toml", environment, envFiles } = JSON.parse(process.argv[2]);
const config = unstable_readConfig({ config: path, env: environment }, { hideWarnings: true });
const local =
  envFiles && unstable_getVarsForDev(config.configPath, envFiles, {}, environment, true);
process.stdout.write(
  JSON.stringify({
    ...config,
    local: Object.fromEntries(
      Object.entries(local ?? {}).map(([name, { value }]) => [name, value]),
    ),
  }),
);
