// Modules that the benchmarks import. bench/package.json lists these packages, which are installed
// only on machines that run the benchmarks, so their types are not available.
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

// When metered.mjs runs, these modules are in the same folder: a project's bundle, and modules of
// tests/e2e/slow-storage.
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
