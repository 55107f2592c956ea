// The recipes of CONTRIBUTING.md name every file that such a change touches. To check a recipe, the
// test takes something that was added in that way, and searches for the files that mention it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { filesUnder } from "./files.mjs";

const read = (path) => readFileSync(inRoot(path), "utf8");
const files = filesUnder("").filter((path) => /\.(html|js|md|mjs|rs|sql|toml|ts|yaml)$/.test(path));

/**
 * For each recipe, an example of what was added. `mention` finds it in a file. The recipe must name
 * each file in which it is found, if `among` matches the file's path.
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
      /\bProof::|\bMethods::|\bauth_time\b|by_password|\breauthenticat|\bhas_password\b|current_password|device_token|is_authorized|\bamr\b|max_age/,
    among: /^(src|crates\/\w+\/src|npm|www|README|docs\/[\w-]+\.md)/,
  },
};

for (const [heading, { mention, among }] of Object.entries(EXAMPLES)) {
  test(`the recipe for ${heading.toLowerCase()}`, () => {
    const recipe = recipeOf(heading);
    const touched = files.filter((path) => among.test(path) && mention.test(read(path)));
    assert.ok(touched.length >= 4, `${touched}`);
    const isNamed = (path) =>
      recipe.has(path) ||
      recipe.has(basename(path)) ||
      foldersOf(path).some((it) => recipe.has(it));
    assert.deepEqual(
      touched.filter((path) => !isNamed(path)),
      [],
    );
  });
}

/** Everything in code font in a recipe, and in the recipes that it links to. */
function recipeOf(heading, seen = new Set()) {
  seen.add(heading);
  const [, after] = read("CONTRIBUTING.md").split(`\n### ${heading}\n`);
  assert.ok(after, heading);
  const [section] = after.split("\n### ");
  const names = new Set([...section.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  for (const [, anchor] of section.matchAll(/\]\(#([\w-]+)\)/g)) {
    const next = headings().find((text) => slug(text) === anchor);
    if (next && !seen.has(next)) for (const name of recipeOf(next, seen)) names.add(name);
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

/** The folders of a path: `a/b/` and `a/` for `a/b/c.rs`. */
function foldersOf(path) {
  const folder = dirname(path);
  return folder === "." ? [] : [`${folder}/`, ...foldersOf(folder)];
}
