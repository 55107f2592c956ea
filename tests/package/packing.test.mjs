// The tarball: what is in it, and whether tools and types find their way in it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { node, toolEnv } from "../../scripts/project/tools.mjs";
import { makeProject, tarball } from "./package.mjs";

const read = (name) => readFileSync(inRoot(name), "utf8");
const tool = (path, ...args) =>
  run(node(), [inRoot("node_modules", path), ...args], { env: toolEnv(), capture: true });

test("its version is the crate's", () => {
  const [, version] = read("Cargo.toml").match(/^version = "(.+)"$/m);
  assert.equal(JSON.parse(read("npm/edgegate/package.json")).version, version);
});

test("it holds scripts, types, wasm, the README and both licences, and nothing else", async () => {
  const { stdout } = await run("tar", ["-tzf", await tarball()], { capture: true });
  const files = stdout
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
  const expected = [
    "package.json",
    "README.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "wasm/edgegate.js",
    "wasm/edgegate_bg.wasm",
    "wasm/inline.js",
    "cjs/package.json",
    "cjs/wasm/edgegate.js",
    "cjs/wasm/inline.js",
  ];
  for (const name of expected) assert.ok(files.includes(name), name);
  const others = files.filter((name) => !expected.includes(name));
  assert.deepEqual(
    others.filter(
      (name) => !/^(cjs\/)?((client\/)?[a-z0-9_.-]+\.js|types\/[a-z_.]+\.d\.ts)$/.test(name),
    ),
    [],
  );
});

test("its scripts name no file that is not there, and no package", async (t) => {
  const project = await makeProject(t);
  const { stdout } = await run("tar", ["-tzf", await tarball()], { capture: true });
  for (const name of stdout
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""))) {
    if (!/\.(js|d\.ts)$/.test(name)) continue;
    for (const [, specifier] of project
      .packed(name)
      .matchAll(/^(?:import|export|\} from)\b(?:[^"'\n]*\bfrom)? ?"([^"\n]+)";$/gm)) {
      if (/^(node:|cloudflare:)/.test(specifier)) continue;
      assert.match(specifier, /^\.\.?\//, `${name}: ${specifier}`);
      const path = new URL(specifier, `file:///${name}`).pathname.slice(1);
      // A declaration names the script of a module, but TypeScript reads the declaration next to
      // the script.
      const isType = name.endsWith(".d.ts");
      project.packed((isType ? path.replace(/\.js$/, ".d.ts") : path).replace(/\?module$/, ""));
    }
  }
});

test("publint finds nothing", async () => {
  const { code, stdout, stderr } = await tool(
    "publint/src/cli.js",
    "run",
    await tarball(),
    "--strict",
  );
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /All good!/);
});

// The profile skips TypeScript's resolution from before `exports`. No other rule is skipped.
test("attw finds nothing", async () => {
  const { code, stdout, stderr } = await tool(
    "@arethetypeswrong/cli/dist/index.js",
    await tarball(),
    "--profile",
    "node16",
    "--no-color",
  );
  assert.equal(code, 0, stdout + stderr);
});

for (const [name, options, files] of [
  ["in a browser's project", { lib: ["es2022", "dom", "dom.iterable"], types: [] }, ["types.ts"]],
  [
    "in a Worker's",
    { lib: ["es2022"], types: ["@cloudflare/workers-types"] },
    ["types.ts", "rpc-types.ts"],
  ],
]) {
  test(`the types: what is right passes and what is wrong does not, ${name}`, async (t) => {
    const project = await makeProject(t, ["@cloudflare/workers-types"]);
    for (const module of [
      { module: "nodenext", moduleResolution: "nodenext" },
      { module: "esnext", moduleResolution: "bundler" },
    ]) {
      const compilerOptions = {
        target: "es2022",
        strict: true,
        noEmit: true,
        exactOptionalPropertyTypes: true,
        ...module,
        ...options,
      };
      project.write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
      for (const file of files) project.write(file, read(`tests/package/${file}`));
      const { code, stdout, stderr } = await project.run(node(), [
        inRoot("node_modules/typescript/bin/tsc"),
        "-p",
        project.path("tsconfig.json"),
      ]);
      assert.equal(code, 0, stdout + stderr);
    }
  });
}
