// For tests that run the scripts of a page in Node: a fake `document` with the English words. The
// scripts read the words from it when they are loaded, so import this module first.
import { readFileSync } from "node:fs";
import { inRoot } from "../../scripts/project/root.mjs";

const textContent = readFileSync(inRoot("www/words/en.json"), "utf8");
globalThis.document = /** @type {Document} */ (
  /** @type {unknown} */ ({
    documentElement: { lang: "en" },
    getElementById: () => ({ textContent }),
  })
);
