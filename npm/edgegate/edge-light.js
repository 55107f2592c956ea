// The loader for edge runtimes other than workerd (the runtime of Cloudflare Workers), such as
// Vercel's. Next.js uses Vercel's edge runtime for routes with `runtime = "edge"` and for its
// middleware. These runtimes don't allow compiling wasm at run time. So the bundler has to compile
// the wasm and to include the compiled module. The suffix `?module` of the import below tells the
// bundler to do so.
/**
 * @import { WasmSource } from "./types/index.d.ts"
 * @import { Platform } from "./verifier.js"
 */
import { protectFor } from "./protect.js";
import { askSoon, limited } from "./signatures.js";
import { isModule } from "./source.js";
import { loadFor, peekFor, verifierFor } from "./verifier.js";
import ownModule from "./wasm/edgegate_bg.wasm?module";
import { unavailable } from "./wasm.js";

export { AuthClient } from "./client/index.js";
export { EdgegateError } from "./errors.js";
export { resourceMetadata } from "./protect.js";

/** @type {Platform} */
const platform = {
  module: find,
  fetchOptions: {},
  keepAlive: () => {},
  limit: /* @__PURE__ */ limited(askSoon),
};

export const load = /* @__PURE__ */ loadFor(platform);
export const peek = /* @__PURE__ */ peekFor(platform);
export const Verifier = /* @__PURE__ */ verifierFor(platform);
export const protect = /* @__PURE__ */ protectFor(Verifier);

/** @param {WasmSource} given */
async function find(given = ownModule) {
  if (isModule(given)) return given;
  throw unavailable(
    'in an edge runtime the argument of load() must be a WebAssembly.Module: import wasm from "edgegate/wasm/edgegate_bg.wasm?module"',
  );
}
