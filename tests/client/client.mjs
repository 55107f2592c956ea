// Exports the package's client with the type declarations that the package publishes. So a test
// sees the same types as a project that uses the package.

const { href } = new URL("../../npm/edgegate/client/index.js", import.meta.url);

export const { AuthClient, EdgegateError } =
  /** @type {typeof import("../../npm/edgegate/types/client.js")} */ (await import(href));
