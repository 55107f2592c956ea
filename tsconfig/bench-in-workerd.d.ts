// Declares modules that the benchmarks import. bench/package.json lists their packages. These are
// installed only on machines that run the benchmarks, so the type check can't rely on their types.
declare module "@cloudflare/workers-oauth-provider";
declare module "@openauthjs/openauth";
declare module "@openauthjs/openauth/client";
declare module "@openauthjs/openauth/provider/password";
declare module "@openauthjs/openauth/storage/cloudflare";
declare module "@openauthjs/openauth/subject";
declare module "better-auth";
declare module "better-auth/db/migration";
declare module "better-auth/plugins";
declare module "valibot";

// The modules that metered.mjs imports. When metered.mjs runs, they are in the same folder:
// index.js is the bundle of a project, and the others are modules of tests/e2e/slow-storage.
declare module "*/index.js" {
  const peer: Required<Pick<ExportedHandler, "fetch">>;
  export default peer;
}
declare module "*/meter.mjs" {
  type Meter = typeof import("../tests/e2e/slow-storage/meter.mjs");
  export const bill: Meter["bill"];
  export const charge: Meter["charge"];
  export const meteredD1: Meter["meteredD1"];
  export const meteredKv: Meter["meteredKv"];
  export const meterLog: Meter["meterLog"];
}
declare module "*/through.mjs" {
  export const through: typeof import("../tests/e2e/slow-storage/through.mjs").through;
}
