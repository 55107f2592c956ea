// For tests that run a page's scripts in Node: a fake `document` with the English texts. The
// scripts read the texts from `document` when they are loaded, so import this module before the
// scripts.
import { readFileSync } from "node:fs";
import { inRoot } from "../../scripts/project/root.mjs";

const textContent = readFileSync(inRoot("www/words/en.json"), "utf8");
globalThis.document = /** @type {Document} */ (
  /** @type {unknown} */ ({
    documentElement: { lang: "en" },
    getElementById: () => ({ textContent }),
  })
);
