// Prints wrangler.toml as JSON, read by wrangler itself: `node print-config.mjs [environment]`. It is a program of its own
// because wrangler can be imported only when node_modules is there, and only by Node 22 or newer.
const { unstable_readConfig } = await import("wrangler");
const { vars, kv_namespaces, d1_databases, observability, logpush, tail_consumers } =
  unstable_readConfig({ config: "wrangler.toml", env: process.argv[2] }, { hideWarnings: true });
process.stdout.write(
  JSON.stringify({ vars, kv_namespaces, d1_databases, observability, logpush, tail_consumers }),
);
