// For Node, and for Deno and Bun, which know Node's modules.
import { readFile } from "node:fs/promises";
import { loadFor, peekFor, verifierFor } from "./verifier.js";
import { compile, unavailable } from "./wasm.js";

export { AuthClient } from "./client/index.js";
export { EdgegateError } from "./errors.js";

const platform = {
  module: find,
  fetchOptions: {},
  keepAlive: () => {},
};

export const load = /* @__PURE__ */ loadFor(platform);
export const peek = /* @__PURE__ */ peekFor(platform);
export const Verifier = /* @__PURE__ */ verifierFor(platform);

async function find(given = new URL("./wasm/edgegate_bg.wasm", import.meta.url)) {
  if (given instanceof WebAssembly.Module) return given;
  if (typeof given === "string" || given instanceof URL)
    return compile(await read(given), String(given));
  if (given instanceof Response) return compile(given, given.url || "the given response");
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given))
    return compile(given, "what was given");
  throw unavailable("load() takes a path, an address, a Response, bytes or a WebAssembly.Module");
}

async function read(place) {
  try {
    return await readFile(place);
  } catch (cause) {
    throw unavailable(
      `${place} can't be read: a bundled program must bring the package's file wasm/edgegate_bg.wasm along, and give its path to load()`,
      cause,
    );
  }
}
