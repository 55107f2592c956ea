// Prints wrangler.toml as JSON, read by wrangler itself: `node print-config.mjs [environment]`.
// This is a separate program because wrangler can be imported only when node_modules exists, and
// only by Node 22 or newer.
const { unstable_readConfig } = await import("wrangler");
const { vars, kv_namespaces, d1_databases, observability, logpush, tail_consumers } =
  unstable_readConfig({ config: "wrangler.toml", env: process.argv[2] }, { hideWarnings: true });
process.stdout.write(
  JSON.stringify({ vars, kv_namespaces, d1_databases, observability, logpush, tail_consumers }),
);
