// A Worker that uses the package. package.test.mjs puts it next to `edgegate/` and posts the file
// of tokens to it.
import * as edgegate from "./edgegate/workerd.js";
import { runBothWays } from "./package.mjs";

export default {
  async fetch(request) {
    const { file, wycheproof } = await request.json();
    return Response.json(await runBothWays(edgegate, file, wycheproof));
  },
};
