// Tests how the tests find a program that they need. The first choice is the program in a Debian
// package. If this package can't be installed, the tests use another suitable program.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { program } from "../../scripts/setup/debian.mjs";

/** Sets a PATH that contains only these programs. Each program is a shell script. */
function pathOf(t, programs) {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-programs-"));
  const before = process.env.PATH;
  process.env.PATH = folder;
  t.after(() => {
    process.env.PATH = before;
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [name, script] of Object.entries(programs))
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return (name) => join(folder, name);
}

const NEED = {
  names: [undefined, "the-first-choice"],
  otherwise: ["the-second-choice"],
  debianPackage: "the-package",
  advice: "install the-package",
};
const isRoot = process.getuid?.() === 0;

test("a first choice that is there is taken, and nothing is installed", async (t) => {
  const at = pathOf(t, { "the-first-choice": "", "the-second-choice": "", "apt-get": "exit 9" });
  assert.equal(await program(NEED), at("the-first-choice"));
});

test("a first choice that can't be installed is replaced by the second", async (t) => {
  const at = pathOf(t, { "the-second-choice": "", "apt-get": '[ "$1" = --version ]' });
  assert.equal(await program(NEED), at("the-second-choice"));
});

test("root on a Debian installs the first choice even beside the second", async (t) => {
  const at = pathOf(t, {
    "the-second-choice": "",
    // Acts as apt-get. When this script installs the package, it creates the program.
    "apt-get": `case "$*" in *the-package) /bin/cp "$0" "$(/usr/bin/dirname "$0")/the-first-choice";; esac`,
  });
  assert.equal(await program(NEED), at(isRoot ? "the-first-choice" : "the-second-choice"));
});

test("without any of them the advice says what to do", async (t) => {
  pathOf(t, { "apt-get": "exit 9" });
  await assert.rejects(program(NEED), /install the-package/);
});
