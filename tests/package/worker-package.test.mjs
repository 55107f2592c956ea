// Tests the tarballs of edgegate-worker and create-edgegate: their contents, and whether tools find
// the right files in them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { before, test } from "node:test";
import { tarballOf } from "../../scripts/project/pack.mjs";
import { inRoot, root } from "../../scripts/project/root.mjs";
import { output, run } from "../../scripts/project/run.mjs";
import { node, toolEnv } from "../../scripts/project/tools.mjs";
import { filesUnder } from "../docs/files.mjs";
import { buildPackages } from "./package.mjs";

const read = (name) => readFileSync(inRoot(name), "utf8");
const PACKAGES = ["edgegate-worker", "create-edgegate"];

before(buildPackages);

/** Returns the files of a tarball, each with its mode. */
async function modesIn(name) {
  const lines = (await output("tar", ["-tvzf", tarballOf(name)]))?.split("\n") ?? [];
  return new Map(lines.map((line) => [line.split(" package/")[1], line.slice(0, 10)]));
}

const textIn = async (name, path) =>
  String(await output("tar", ["-xzOf", tarballOf(name), `package/${path}`]));

/**
 * Returns the files in a folder of the repository, under the names that they have in the package.
 */
const from = (folder, to = "") =>
  filesUnder(folder).map((path) => to + path.slice(folder.length + 1));

const EXPECTED = {
  "edgegate-worker": [
    ...from("npm/edgegate-worker"),
    ...from("migrations", "migrations/"),
    ...from("www", "www/"),
    ...["build.json", "defaults/wrangler.jsonc", "www/openapi.yaml"],
    ...["types/errors.d.ts", "types/generated.d.ts", "types/rpc.d.ts"],
    ...["worker/check.js", "worker/index.js", "worker/index_bg.wasm"],
  ],
  "create-edgegate": [
    ...from("npm/create-edgegate"),
    ...from("template", "template/").map((path) => path.replace(/\/\.(gitignore|npmrc)$/, "/_$1")),
  ],
};

for (const name of PACKAGES) {
  const bin = Object.values(JSON.parse(read(`npm/${name}/package.json`)).bin);

  test(`${name} holds what belongs in it and nothing else, and its version is the crate's`, async () => {
    const modes = await modesIn(name);
    // Leave out www/edgegate/, because the build copies the package edgegate into this folder.
    const names = [...modes.keys()].filter((path) => !path.startsWith("www/edgegate/"));
    const expected = [...EXPECTED[name], "LICENSE-APACHE", "LICENSE-MIT"];
    assert.deepEqual(names.sort(), expected.sort());
    for (const [path, mode] of modes)
      assert.equal(mode, bin.includes(path) ? "-rwxr-xr-x" : "-rw-r--r--", path);
    const [, version] = read("Cargo.toml").match(/^version = "(.+)"$/m) ?? [];
    assert.equal(JSON.parse(await textIn(name, "package.json")).version, version);
  });

  test(`publint finds nothing in ${name}`, async () => {
    const args = ["run", tarballOf(name), "--strict"];
    const { code, stdout, stderr } = await run(
      node(),
      [inRoot("node_modules/publint/src/cli.js"), ...args],
      { env: toolEnv(), capture: true },
    );
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /All good!/);
  });
}

// The program attw (Are the types wrong?) checks only edgegate-worker. It checks it only as an ES
// module, because Workers are ES modules. create-edgegate needs no check, because it is a program
// that nobody imports.
test("attw finds nothing in edgegate-worker", async () => {
  const path = inRoot("node_modules/@arethetypeswrong/cli/dist/index.js");
  const args = [tarballOf("edgegate-worker"), "--profile", "esm-only", "--no-color"];
  const { code, stdout, stderr } = await run(node(), [path, ...args], {
    env: toolEnv(),
    capture: true,
  });
  assert.equal(code, 0, stdout + stderr);
});

test("the built Worker exports its classes, and nothing that the wasm exports", async () => {
  const text = await textIn("edgegate-worker", "worker/index.js");
  const [, list] = /export\s*\{([^}]*)\};?\s*$/.exec(text) ?? [];
  const names = list.split(",").map((entry) => entry.trim().split(" as ").at(-1));
  assert.deepEqual(names.sort(), ["Account", "Auth", "MailGate", "Sessions", "default"]);
});

test("it says what it was built with, and names no folder of this machine", async () => {
  const build = JSON.parse(await textIn("edgegate-worker", "build.json"));
  assert.match((await output("rustc", ["-V"])) ?? "", new RegExp(`^rustc ${build.rustc} `));
  for (const value of Object.values(build)) assert.match(value, /^[\w.-]+$/);
  const wasm = readFileSync(inRoot("build/index_bg.wasm"), "latin1");
  assert.ok(wasm.includes("/cargo/"), "paths of crates are in panic messages");
  for (const path of ["worker/index.js", "worker/check.js", "build.json", "package.json"])
    for (const folder of [root, homedir()])
      assert.ok(!(await textIn("edgegate-worker", path)).includes(`${folder}/`), path);
  for (const folder of [root, homedir()]) assert.ok(!wasm.includes(`${folder}/`), folder);
});
