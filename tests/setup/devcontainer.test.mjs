// The definition of the dev container must be valid. It must contain the programs that the project
// uses, in the right versions.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv } from "ajv";
import { inRoot } from "../../scripts/project/root.mjs";
import { need as apache } from "../../scripts/setup/apache.mjs";
import { need as caddy } from "../../scripts/setup/caddy.mjs";
import { need as chromium } from "../../scripts/setup/chromium.mjs";
import { need as cpp } from "../../scripts/setup/cpp.mjs";
import { need as firefox } from "../../scripts/setup/firefox.mjs";
import { need as lsof } from "../../scripts/setup/lsof.mjs";
import { need as nginx } from "../../scripts/setup/nginx.mjs";
import { need as python } from "../../scripts/setup/schemathesis.mjs";
import { need as valgrind } from "../../scripts/setup/valgrind.mjs";
import { need as zsh } from "../../scripts/setup/zsh.mjs";

const json = (path) => JSON.parse(readFileSync(inRoot(path), "utf8"));
const container = json(".devcontainer/devcontainer.json");
const feature = (name) => {
  const [path] = Object.keys(container.features).filter((path) => path.includes(`/${name}:`));
  return container.features[path];
};

test("the definition has the form that dev containers take", () => {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  const validate = ajv.compile(json("tests/setup/devcontainer.schema.json"));
  assert.equal(validate(container), true, ajv.errorsText(validate.errors));
  assert.equal(validate({ ...container, forwardPort: [8787] }), false, "a misspelt property");
  assert.equal(validate({ ...container, forwardPorts: ["8787"] }), false, "a wrong type");
});

test("Rust is the one that the instruction counts were recorded with, Node the one of package.json", () => {
  assert.ok(json("bench/instructions.json").rustc.startsWith(`rustc ${feature("rust").version} `));
  assert.equal(feature("rust").targets, "wasm32-unknown-unknown");
  assert.equal(feature("node").version, json("package.json").devDependencies.node);
});

test("it installs the Debian packages that the tests would install", () => {
  const [, packages] = container.postCreateCommand.tests.match(/--no-install-recommends (.+)$/);
  assert.deepEqual(
    packages.split(" "),
    [apache, caddy, chromium, cpp, firefox, lsof, nginx, python, valgrind, zsh]
      .map(({ debianPackage }) => debianPackage)
      .sort(),
  );
});
