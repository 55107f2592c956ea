// A Worker that uses the package: package.test.mjs sets it beside `edgegate/`, and posts the file to it.
import * as edgegate from "./edgegate/workerd.js";
import { runPackage } from "./package.mjs";

export default {
  fetch: async (request) => Response.json(await runPackage(edgegate, await request.json())),
};
