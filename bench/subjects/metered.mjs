// Wraps the Worker of another project, and counts the operations that Cloudflare would bill. GET
// /bench/bill returns the counts. The Worker consists of this module, the project's bundle
// (index.js) and modules of tests/e2e/slow-storage.

import peer from "./index.js";
import { bill, charge, meteredD1, meteredKv, meterLog } from "./meter.mjs";
import { through } from "./through.mjs";

meterLog();

export default {
  fetch(request, env, context) {
    if (new URL(request.url).pathname === "/bench/bill") return Response.json(bill);
    charge("Worker requests");
    return peer.fetch(
      request,
      through(env, { DB: meteredD1, KV: meteredKv, OAUTH_KV: meteredKv }),
      context,
    );
  },
};
