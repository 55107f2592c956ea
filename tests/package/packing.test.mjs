// Tests the tarball of the package: its contents, and whether tools and TypeScript find the right
// files in it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ESLint } from "eslint";
import { repositoryFields } from "../../scripts/project/repository.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { node, toolEnv } from "../../scripts/project/tools.mjs";
import { makeProject, tarball } from "./package.mjs";

const read = (name) => readFileSync(inRoot(name), "utf8");
const tool = (path, ...args) =>
  run(node(), [inRoot("node_modules", path), ...args], { env: toolEnv(), capture: true });

test("its version is the crate's", () => {
  const [, version] = read("Cargo.toml").match(/^version = "(.+)"$/m) ?? [];
  assert.equal(JSON.parse(read("npm/edgegate/package.json")).version, version);
});

test("it names the repository of the clone that it is packed in, if that is public", () => {
  const url = "https://github.com/ada/edgegate";
  for (const remote of [
    `${url}.git\n`,
    url,
    `${url}/`,
    "git@github.com:ada/edgegate.git",
    "ssh://git@github.com/ada/edgegate.git",
    "https://ada:secret@github.com/ada/edgegate.git",
  ]) {
    assert.deepEqual(repositoryFields(remote, "npm/edgegate"), {
      repository: { type: "git", url: `git+${url}.git`, directory: "npm/edgegate" },
      homepage: `${url}#readme`,
      bugs: `${url}/issues`,
    });
  }
  for (const remote of [
    "",
    "/srv/edgegate.git",
    "https://git.example.com/ada/edgegate.git",
    "git@git.example.com:ada/edgegate.git",
    "https://git.example.com/github.com/ada/edgegate",
    "https://github.com.example.com/ada/edgegate",
  ])
    assert.deepEqual(repositoryFields(remote, "npm/edgegate"), {}, remote);
});

test("it holds scripts, types, wasm, the README and both licences, and nothing else", async () => {
  const { stdout } = await run("tar", ["-tzf", await tarball()], { capture: true });
  const files = stdout
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
  const expected = [
    "package.json",
    "build.json",
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
      (name) =>
        !/^(cjs\/)?(((client|redirect)\/)?[a-z0-9_.-]+\.js|types\/[a-z_.]+\.d\.ts)$/.test(name),
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
      // An import in a declaration names a script. TypeScript instead reads the declaration that is
      // next to the script. So this declaration must be in the tarball too.
      const isType = name.endsWith(".d.ts");
      project.packed((isType ? path.replace(/\.js$/, ".d.ts") : path).replace(/\?module$/, ""));
    }
  }
});

// The linter checks only the sources. wasm-bindgen generates a script that is not in the sources,
// so this script is checked here.
test("the script of the wasm runs in the oldest browsers", async (t) => {
  const project = await makeProject(t);
  const eslint = new ESLint({ cwd: inRoot() });
  const filePath = inRoot("npm/edgegate/example.js");
  const [{ messages }] = await eslint.lintText(project.packed("wasm/edgegate.js"), { filePath });
  assert.deepEqual(messages, []);
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

// The program attw (Are the types wrong?) checks the types. Its profile leaves out TypeScript's old
// way of resolving packages, which does not know `exports`. All other rules are applied.
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

// The package's types must compile in every kind of project, with or without a DOM. `skipLibCheck`
// is off, so that the declarations themselves are checked too.
const TYPES = { node: ["@types/node", "undici-types"], workers: ["@cloudflare/workers-types"] };
for (const [name, options, files] of /** @type {[string, object, string[]][]} */ ([
  ["in a browser's project", { lib: ["es2022", "dom", "dom.iterable"], types: [] }, ["types.ts"]],
  ["in Node's, which has no DOM", { lib: ["es2022"], types: ["node"] }, ["types.ts"]],
  [
    "in Node's with a DOM",
    { lib: ["es2022", "dom", "dom.iterable"], types: ["node"] },
    ["types.ts"],
  ],
  [
    "in a Worker's",
    { lib: ["es2022"], types: ["@cloudflare/workers-types"] },
    ["types.ts", "rpc-types.ts"],
  ],
  ["where there is neither", { lib: ["es2022"], types: [] }, ["bare-types.ts"]],
])) {
  test(`the types: what is right passes and what is wrong does not, ${name}`, async (t) => {
    const project = await makeProject(t, [...TYPES.node, ...TYPES.workers]);
    for (const module of [
      { module: "nodenext", moduleResolution: "nodenext" },
      { module: "node16", moduleResolution: "node16" },
      { module: "esnext", moduleResolution: "bundler" },
    ]) {
      const compilerOptions = {
        target: "es2022",
        strict: true,
        noEmit: true,
        skipLibCheck: false,
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
      assert.equal(code, 0, `${module.module}: ${stdout}${stderr}`);
    }
  });
}
