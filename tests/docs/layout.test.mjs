// ARCHITECTURE.md must name every source file in the folders of SOURCES: by a link to the file or
// to a folder that contains it, or by the file's name.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { COPIES, filesUnder } from "./files.mjs";
import { linksIn } from "./markdown.mjs";

const SOURCES = [
  ...["src", "crates/token/src", "crates/browser/src"],
  ...["npm", "template", "www", "scripts"],
];

test("a reader of ARCHITECTURE.md finds every source file", () => {
  const text = readFileSync(inRoot("ARCHITECTURE.md"), "utf8");
  const named = new Set(linksIn(text).map((link) => link.split("#")[0].replace(/\/$/, "")));
  for (const [, name] of text.matchAll(/`([\w-]+\.\w+)`/g)) named.add(name);
  const isFound = (path) =>
    path !== "." && (named.has(path) || named.has(basename(path)) || isFound(dirname(path)));
  const sources = SOURCES.flatMap(filesUnder).filter(
    (path) => /\.(rs|js|mjs)$/.test(path) && !COPIES.some((copy) => path.startsWith(copy)),
  );
  assert.ok(sources.length > 250, `${sources.length} files`);
  // Leave out mod.rs and lib.rs, which mainly declare the modules next to them, and files such as
  // x_tests.rs, which have the tests of x.rs.
  const isRoot = (path) => /(^|\/)(mod|lib|\w+_tests)\.rs$/.test(path);
  assert.deepEqual(
    sources.filter((path) => !isRoot(path) && !isFound(path)),
    [],
  );
});
