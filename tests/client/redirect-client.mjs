// Exports the package's RedirectClient with the type declarations that the package publishes.

const { href } = new URL("../../npm/edgegate/redirect/index.js", import.meta.url);

export const { RedirectClient } =
  /** @type {typeof import("../../npm/edgegate/types/redirect.js")} */ (await import(href));
