// tests/README.md, tests/findings.md and SECURITY.md name tests as evidence. This file checks that
// these tests really ran. It is not enough that their names occur somewhere.
import { existsSync } from "node:fs";
import { dirname } from "node:path";

/** The tests that the tables name: `{ where, path, title }` for each. */
export function evidenceIn(page, text) {
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith("|") || !line.trimEnd().endsWith("|")) return [];
    const cells = line
      .trim()
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
    const cell = page === "SECURITY.md" ? cells[2] : cells[3];
    if (cells.length !== 4 || !cell.startsWith("`")) return [];
    return cell.split("<br>").flatMap((part) => {
      const [, path, titles] = part.trim().match(/^`([^`]+)`\s*(.*)$/) ?? [];
      if (!path) throw new Error(`${page}, ${cells[0]}: names no file: ${part}`);
      // Titles in JavaScript contain commas.
      const names = /\.(rs|json)$/.test(path) ? titles.split(", ") : [titles];
      return names.map((title) => ({ where: `${page}, ${cells[0]}`, path, title }));
    });
  });
}

/**
 * The evidence that did not run, as sentences. `rust` is a list of `{ root, name }`, with an entry
 * for each test that cargo runs. `javascript` is a list of `{ file, name, outcome }`, or null if
 * this run left those tests out.
 */
export function notRun(evidence, { rust, javascript }) {
  const faults = [];
  for (const { where, path, title } of evidence) {
    const complain = (why) => faults.push(`${where}: \`${path}\` ${title}: ${why}`);
    if (path.startsWith("tests/conformance/")) {
      // Each case of a suite is a test of the Worker that runs the suite. The test's name is the
      // case's name with spaces.
      if (
        javascript &&
        !isRun(javascript, "tests/e2e/conformance.test.mjs", title.replaceAll("_", " "))
      )
        complain("no adapter in workerd passed this case");
    } else if (path.endsWith(".rs")) {
      if (!rust.some((test) => isNamed(test, path, title))) complain("cargo runs no such test");
    } else if (path.endsWith(".test.mjs")) {
      if (javascript && !isRun(javascript, path, title))
        complain("no such test has run and passed");
    }
  }
  return faults;
}

/** Whether a test that cargo lists is the function `title` in the file `path`. */
function isNamed({ root, name }, path, title) {
  const modules = name.split("::");
  if (modules.pop() !== title) return false;
  return fileOf(root, modules) === path;
}

/**
 * The source file of a module, by the rules of Rust. A module without its own file is in its
 * parent's file. There is one exception: the module `tests` of x.rs may be in x_tests.rs, as its
 * attribute `path` says.
 */
function fileOf(root, modules) {
  const folder = dirname(root);
  for (let depth = modules.length; depth > 0; depth -= 1) {
    const path = `${folder}/${modules.slice(0, depth).join("/")}`;
    const names = [`${path}.rs`, `${path}/mod.rs`, path.replace(/\/tests$/, "_tests.rs")];
    const found = names.find((name) => existsSync(name));
    if (found) return found;
  }
  return root;
}

function isRun(tests, path, title) {
  const form = new RegExp(
    title
      .replace(/\\"/g, '"')
      .split(/\$\{[^}]*\}/)
      .map(escaped)
      .join(".+"),
  );
  const outcomes = tests
    .filter(({ file, name }) => file === path && form.test(name))
    .map(({ outcome }) => outcome);
  // An adapter may leave out cases of a conformance suite, but each case must run on some adapter.
  const isShared = path === "tests/e2e/conformance.test.mjs";
  return isShared
    ? outcomes.includes("passed") && !outcomes.includes("failed")
    : outcomes.length > 0 && outcomes.every((outcome) => outcome === "passed");
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
