// NODE_OPTIONS loads this file into the command. It sends requests for the deployed service to the
// stand-in for Cloudflare.
const real = globalThis.fetch;
const { EDGEGATE_STAND_IN: standIn, EDGEGATE_HOSTS: hosts = "\\.workers\\.dev$" } = process.env;

globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!standIn || !new RegExp(hosts).test(url.hostname)) return real(input, init);
  return real(`${standIn}${url.host}${url.pathname}${url.search}`, init);
};
