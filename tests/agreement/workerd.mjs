// A Worker that uses the package. package.test.mjs starts this Worker with the package's files in
// `edgegate/`, and posts tests/vectors/agreement/tokens.json to it.
import * as edgegate from "./edgegate/workerd.js";
import { runBothWays } from "./package.mjs";

export default {
  async fetch(request) {
    const { file, wycheproof } = await request.json();
    return Response.json(await runBothWays(edgegate, file, wycheproof));
  },
};
