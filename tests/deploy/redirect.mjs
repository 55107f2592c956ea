// Loaded into the command by NODE_OPTIONS: a request to an address of workers.dev goes to the
// stand-in for Cloudflare.
const real = globalThis.fetch;
const standIn = process.env.EDGEGATE_STAND_IN;

globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!standIn || !url.hostname.endsWith(".workers.dev")) return real(input, init);
  return real(`${standIn}${url.host}${url.pathname}${url.search}`, init);
};
