// A Worker that uses the package. package.test.mjs puts it beside `edgegate/` and posts the file of
// tokens to it.
import * as edgegate from "./edgegate/workerd.js";
import { runPackage } from "./package.mjs";

export default {
  fetch: async (request) => Response.json(await runPackage(edgegate, await request.json())),
};
