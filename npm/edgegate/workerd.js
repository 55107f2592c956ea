// For Cloudflare Workers: the wasm is part of the deployment, since a Worker may not compile any.
import * as workers from "cloudflare:workers";
import { loadFor, peekFor, verifierFor } from "./verifier.js";
import ownModule from "./wasm/edgegate_bg.wasm";
import { unavailable } from "./wasm.js";

export { AuthClient } from "./client/index.js";
export { EdgegateError } from "./errors.js";

const platform = {
  module: find,
  fetchOptions: {},
  keepAlive,
};

export const load = /* @__PURE__ */ loadFor(platform);
export const peek = /* @__PURE__ */ peekFor(platform);
export const Verifier = /* @__PURE__ */ verifierFor(platform);

async function find(given = ownModule) {
  if (given instanceof WebAssembly.Module) return given;
  throw unavailable(
    'load() takes a WebAssembly.Module in Workers, as `import wasm from "edgegate/wasm/edgegate_bg.wasm"` gives one',
  );
}

// Otherwise a fetch ends with the request that began it. Older runtimes don't have it; keys.js copes.
function keepAlive(promise) {
  try {
    workers.waitUntil?.(promise);
  } catch {
    // Outside of a request there is nothing to keep.
  }
}
