// No document may have a dead link. Each relative link must lead to a file or folder, and each
// #anchor to a heading. Each page in docs/ that the sources or openapi.yaml name must exist.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, normalize } from "node:path";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { COPIES, filesUnder } from "./files.mjs";
import { anchorsOf, linksIn } from "./markdown.mjs";

const SOURCES = new Set([".css", ".html", ".js", ".json", ".mjs", ".rs", ".toml", ".ts", ".yaml"]);

const files = filesUnder("");
const pages = files.filter((path) => path.endsWith(".md"));
const read = (path) => readFileSync(inRoot(path), "utf8");
const anchors = new Map(pages.map((path) => [path, anchorsOf(read(path))]));

test("every link in a document leads somewhere", () => {
  const dead = [];
  let followed = 0;
  for (const page of pages) {
    for (const link of linksIn(read(page))) {
      if (/^(https?|mailto):/.test(link)) continue;
      followed++;
      const [path, anchor] = link.split("#");
      const target = path === "" ? page : normalize(join(dirname(page), path)).replace(/\/$/, "");
      const isThere = target !== "" && !target.startsWith("..") && existsSync(inRoot(target));
      const isHeading = anchor === undefined || anchors.get(target)?.has(anchor);
      if (!isThere || !isHeading) dead.push(`${page}: ${link}`);
    }
  }
  assert.deepEqual(dead, []);
  assert.ok(
    pages.length >= 30 && followed >= 400,
    `${followed} links in ${pages.length} documents`,
  );
});

test("every page of docs/ that a source names exists", () => {
  const decisions = readdirSync(inRoot("docs/decisions")).map((name) => name.slice(0, 4));
  const wrong = [];
  let named = 0;
  for (const path of files.filter((path) => SOURCES.has(extname(path)))) {
    const text = read(path);
    for (const [mention, page, anchor] of text.matchAll(/\b(docs\/[\w/-]+\.md)(?:#([\w-]+))?/g)) {
      named++;
      const isThere = existsSync(inRoot(page)) && (!anchor || anchors.get(page)?.has(anchor));
      if (!isThere) wrong.push(`${path}: ${mention}`);
    }
    for (const [mention, number] of text.matchAll(/docs\/decisions\/(\d{4})\b/g))
      if (!decisions.includes(number)) wrong.push(`${path}: ${mention}`);
  }
  assert.deepEqual(wrong, []);
  assert.ok(named >= 20, `${named} pages are named`);
});

test("every path in code font exists", () => {
  const folders = new Set(files.map((path) => path.split("/")[0]).filter((name) => name !== ""));
  const wrong = [];
  let named = 0;
  // Decision records and the changelog may name files that existed when they were written but do
  // not exist any more.
  const isOfToday = (path) => /^(?:docs\/)?[\w-]+\.md$/.test(path) && path !== "CHANGELOG.md";
  for (const page of pages.filter(isOfToday)) {
    for (const [, path] of read(page).matchAll(/`([\w.-]+\/[\w./-]*)`/g)) {
      if (!folders.has(path.split("/")[0]) || COPIES.includes(path)) continue;
      named++;
      if (!existsSync(inRoot(path))) wrong.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(named >= 150, `${named} paths are named`);
});

test("links in code are ignored, and headings become anchors as on GitHub", () => {
  const text = "# One\n\n[a](#one) [b](#two) `[c](x.md)`\n\n```md\n[d](y.md)\n# Two\n```\n";
  assert.deepEqual(linksIn(text), ["#one", "#two"]);
  assert.deepEqual([...anchorsOf(text)], ["one"]);
  assert.deepEqual(
    [...anchorsOf("## Mail: `MAIL_FROM`, *now*\n## [Twice](a.md)\n## Twice\n")],
    ["mail-mail_from-now", "twice", "twice-1"],
  );
});
