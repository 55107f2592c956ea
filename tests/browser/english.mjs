// The words of the pages, for tests that run a page's modules in Node. Import this first: it
// replaces what the modules read from the page.
import { readFileSync } from "node:fs";
import { inRoot } from "../../scripts/project/root.mjs";

const textContent = readFileSync(inRoot("www/words/en.json"), "utf8");
globalThis.document = /** @type {Document} */ (
  /** @type {unknown} */ ({
    documentElement: { lang: "en" },
    getElementById: () => ({ textContent }),
  })
);
