// The loader for Cloudflare Workers. A Worker is not allowed to compile wasm, so the deployment
// includes the compiled module.
/**
 * @import { WasmSource } from "./types/index.d.ts"
 * @import { Platform } from "./verifier.js"
 */
import * as workers from "cloudflare:workers";
import { protectFor } from "./protect.js";
import { askSoon, limited } from "./signatures.js";
import { isModule } from "./source.js";
import { loadFor, peekFor, verifierFor } from "./verifier.js";
import ownModule from "./wasm/edgegate_bg.wasm";
import { unavailable } from "./wasm.js";

export { AuthClient } from "./client/index.js";
export { EdgegateError } from "./errors.js";
export { resourceMetadata } from "./protect.js";

/** @type {Platform} */
const platform = {
  module: find,
  fetchOptions: {},
  keepAlive,
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
    'in Workers the argument of load() must be a WebAssembly.Module: import wasm from "edgegate/wasm/edgegate_bg.wasm"',
  );
}

/**
 * Lets `work` continue after the incoming request has ended. Without `waitUntil`, Workers cancel a
 * fetch when the incoming request that began it ends. Older runtimes don't have `waitUntil`. In
 * these runtimes the fetch is cancelled, and keys.js notices this.
 *
 * @param {Promise<unknown>} work
 */
function keepAlive(work) {
  try {
    workers.waitUntil?.(work);
  } catch {
    // Outside of an incoming request, `waitUntil` throws. This does not matter, because nothing is
    // cancelled there.
  }
}
