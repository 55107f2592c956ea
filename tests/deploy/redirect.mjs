// The tests load this file into the command with NODE_OPTIONS. It replaces `fetch`, so that
// requests to the deployed service's public address go to the stand-in for Cloudflare.
const real = globalThis.fetch;
const { EDGEGATE_STAND_IN: standIn, EDGEGATE_HOSTS: hosts = "\\.workers\\.dev$" } = process.env;

globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!standIn || !new RegExp(hosts).test(url.hostname)) return real(input, init);
  return real(`${standIn}${url.host}${url.pathname}${url.search}`, init);
};
