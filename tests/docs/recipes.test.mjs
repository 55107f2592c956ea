// CONTRIBUTING.md has recipes for certain kinds of change, such as adding a setting. A recipe names
// every file that such a change touches. To check a recipe, the test takes an existing example,
// such as an existing setting, and searches for the files that mention it. The recipe must name all
// of these files.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { filesUnder } from "./files.mjs";

const read = (path) => readFileSync(inRoot(path), "utf8");
const files = filesUnder("").filter((path) => /\.(html|js|md|mjs|rs|sql|toml|ts|yaml)$/.test(path));

/**
 * For each recipe, an example of something that was added earlier. `mention` matches the example in
 * the text of a file. The recipe must name each file that mentions the example and whose path
 * `among` matches. The recipe may name the file's folder instead, unless the folder is in
 * `fileByFile`.
 */
const EXAMPLES = {
  "A setting": { mention: /\bMAIL_LOCALE\b/, among: /^(src|docs|wrangler)/ },
  "A secret": {
    mention: /\bPEPPERS\b/,
    among: /^(src\/domain\/settings|docs\/[\w-]+\.md|scripts|tests\/(logs|setup|published))/,
  },
  "An error code": {
    mention: /last_administrator|LastAdministrator/,
    among: /^(src\/domain|src\/edge|npm|www|openapi|docs\/errors)/,
  },
  "An event of the audit log": {
    mention: /password_check_failed|PasswordCheckFailed/,
    among: /^(src|docs|tests\/service)/,
  },
  "A mail": { mention: /\bAddressTaken\b/, among: /^(src|tests\/letters)/ },
  "A mail provider": { mention: /brevo/i, among: /^(src|docs|wrangler|tests\/(mail|e2e))/ },
  "A method for other Workers (RPC)": {
    mention: /is_authorized_by_email/,
    among: /^(src\/edge|npm|docs\/from|tests\/(e2e\/rpc|package))/,
  },
  "A login factor": {
    mention:
      /\bProof(::|\b.*\{)|\bMethods::|\bproof:|\bauth_time\b|authTime|by_password|\breauthenticat|\bhas_password\b|current_password|device_token|is_authorized|\b(amr|acr)\b|\bacr_?values|max_?age/i,
    among: /^(src|crates\/\w+\/src|npm|www|README|docs\/[\w-]+\.md)/,
    fileByFile: [
      "src/service/",
      "src/edge/",
      "src/edge/routes/",
      "src/ports/",
      "src/adapters/cloudflare/",
      "src/adapters/memory/",
      "www/",
    ],
  },
};

for (const [heading, { mention, among, fileByFile = [] }] of Object.entries(EXAMPLES)) {
  test(`the recipe for ${heading.toLowerCase()}`, () => {
    const recipe = namesIn(heading);
    const touched = files.filter((path) => among.test(path) && mention.test(read(path)));
    assert.ok(touched.length >= 4, `${touched}`);
    const isNamed = (path) =>
      recipe.has(path) ||
      foldersOf(path).some((folder) => recipe.has(folder) && !fileByFile.includes(folder));
    assert.deepEqual(
      touched.filter((path) => !isNamed(path)),
      [],
    );
  });
}

/**
 * Returns the paths in code font in a recipe, and those in the recipes to which it links. A file
 * name without a folder means a file in the same folder as the previous name, as in
 * "`src/domain/link.rs`, `id.rs`". If that folder has no such file, the name means the file in the
 * root of the project, or else the only file in the project that has this name.
 */
function namesIn(heading, seen = new Set()) {
  seen.add(heading);
  const [, after] = read("CONTRIBUTING.md").split(`\n### ${heading}\n`);
  assert.ok(after, heading);
  const [section] = after.split("\n### ");
  const names = new Set();
  for (const block of section.split(/\n(?=\n|\|)/)) {
    let folder = "";
    for (const [, name] of block.matchAll(/`([^`]+)`/g)) {
      if (name.includes("/")) folder = name.endsWith("/") ? name : `${dirname(name)}/`;
      const beside = folder + name;
      const alone = files.filter((path) => basename(path) === name);
      if (name.includes("/")) names.add(name);
      else if (files.includes(beside) || files.includes(name))
        names.add(files.includes(beside) ? beside : name);
      else if (alone.length === 1) names.add(alone[0]);
    }
  }
  for (const [, anchor] of section.matchAll(/\]\(#([\w-]+)\)/g)) {
    const next = headings().find((text) => slug(text) === anchor);
    if (next && !seen.has(next)) for (const name of namesIn(next, seen)) names.add(name);
  }
  return names;
}

const headings = () =>
  [...read("CONTRIBUTING.md").matchAll(/^### (.+)$/gm)].map(([, text]) => text);
const slug = (text) =>
  text
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .replace(/\s/g, "-");

/** Returns the folders of a path: for `a/b/c.rs` these are `a/b/` and `a/`. */
function foldersOf(path) {
  const folder = dirname(path);
  return folder === "." ? [] : [`${folder}/`, ...foldersOf(folder)];
}
