// tests/README.md, tests/findings.md and SECURITY.md name tests as evidence. This module checks
// that cargo runs these Rust tests, and that these JavaScript tests have run and passed. Finding
// their names in the test files would not be enough.
import { existsSync } from "node:fs";
import { dirname } from "node:path";

/** Returns the tests that the tables of a document name, as `{ where, path, title }`. */
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
      // A cell can list several Rust tests, separated by commas. It can have only one JavaScript
      // test, because the title of a JavaScript test can contain commas.
      const names = /\.(rs|json)$/.test(path) ? titles.split(", ") : [titles];
      return names.map((title) => ({ where: `${page}, ${cells[0]}`, path, title }));
    });
  });
}

/**
 * Returns a sentence for each test that is named as evidence and did not run, or did not pass.
 * `rust` lists the tests that cargo runs, as `{ root, name }`. `javascript` lists the tests that
 * `node --test` has run, as `{ file, name, outcome }`. If `node --test` did not run, it is null,
 * and only the Rust tests are checked. Test vectors in .json files are not checked here.
 */
export function notRun(evidence, { rust, javascript }) {
  const faults = [];
  for (const { where, path, title } of evidence) {
    const complain = (why) => faults.push(`${where}: \`${path}\` ${title}: ${why}`);
    if (path.startsWith("tests/conformance/")) {
      // tests/e2e/conformance.test.mjs runs each conformance test in a Worker. The name of the test
      // is the same there, but with spaces instead of underscores.
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

/** Returns whether this test, which cargo lists, is the function `title` in the file `path`. */
function isNamed({ root, name }, path, title) {
  const modules = name.split("::");
  if (modules.pop() !== title) return false;
  return fileOf(root, modules) === path;
}

/**
 * Returns the source file of a module, by the rules of Rust. A module without a file of its own is
 * in the file of its parent. The module `tests` of x.rs can also be in x_tests.rs, because this
 * project gives it the attribute `#[path]`.
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
  // A conformance test runs on several adapters. Some of the adapters can skip the test, but it
  // must have passed on at least one adapter.
  const isShared = path === "tests/e2e/conformance.test.mjs";
  return isShared
    ? outcomes.includes("passed") && !outcomes.includes("failed")
    : outcomes.length > 0 && outcomes.every((outcome) => outcome === "passed");
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
