// A port is a trait with documented guarantees. The conformance tests of the ports quote the
// sentences that they test. Each quotation must occur in the doc comment of a port or of a domain
// type. If somebody changes the sentence there, the quotation must be changed too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { filesUnder } from "./files.mjs";

const rustIn = (folder) => filesUnder(folder).filter((path) => path.endsWith(".rs"));

/** Returns the doc comments of a text. Each comment becomes one line. */
const comments = (text) =>
  (text.match(/(?:^ *\/\/\/.*\n)+/gm) ?? []).map((comment) =>
    comment.replaceAll(/^ *\/\/\/ ?/gm, "").replaceAll(/\s+/g, " "),
  );

/**
 * Returns the text without links and in lower case, because a quotation can begin in the middle of
 * a sentence.
 */
const plain = (text) =>
  text.replaceAll(/\[([^\]]+)\](?:\([^)]*\))?/g, (_, linked) => linked).toLowerCase();

// Matches the quotation in a comment such as: The port's documentation says that an id is found if
// the user was "deleted after `left_after`". Also matches further quotations in the same comment.
// Each of them follows the word "and".
const QUOTATION = /(?:documentation\b[^"]*|\band )"([^"]+)"/g;

test("each sentence that a conformance suite quotes is in the documentation of a port", () => {
  const documented = ["src/ports", "src/domain"]
    .flatMap(rustIn)
    .flatMap((path) => comments(readFileSync(inRoot(path), "utf8")))
    .map(plain);
  let quoted = 0;
  for (const path of rustIn("tests/conformance"))
    for (const comment of comments(readFileSync(inRoot(path), "utf8")))
      for (const [, quotation] of comment.matchAll(QUOTATION)) {
        quoted += 1;
        const parts = quotation.split("[…]").map((part) => plain(part).trim().replace(/\.$/, ""));
        const isThere = documented.some((one) => parts.every((part) => one.includes(part)));
        assert.ok(isThere, `${path} quotes "${quotation}"`);
      }
  assert.ok(quoted > 40, `${quoted} quotations`);
});
