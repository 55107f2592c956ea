// The package's client, with the declarations that the package publishes: the types that a project
// which uses it sees.

const { href } = new URL("../../npm/edgegate/client/index.js", import.meta.url);

export const { AuthClient, EdgegateError } =
  /** @type {typeof import("../../npm/edgegate/types/client.js")} */ (await import(href));
