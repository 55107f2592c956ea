// With NODE_OPTIONS, the tests load this file into the command `edgegate`. It replaces `fetch`:
// requests to the public address of the deployed service go to the replacement for Cloudflare
// instead.
const real = globalThis.fetch;
const { EDGEGATE_STAND_IN: standIn, EDGEGATE_HOSTS: hosts = "\\.workers\\.dev$" } = process.env;

globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!standIn || !new RegExp(hosts).test(url.hostname)) return real(input, init);
  return real(`${standIn}${url.host}${url.pathname}${url.search}`, init);
};
