// The linters and the TypeScript compiler must reject features that are missing in the oldest
// supported browsers: Safari 16, Chrome 109 and Firefox 115.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ESLint } from "eslint";
import { inRoot } from "../../scripts/project/root.mjs";

/** Runs a tool from node_modules. */
function run(tool, args, cwd = inRoot()) {
  const command = [inRoot("node_modules", tool), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

const SYNTAX = [
  "class A { static { A.b = 1; } }",
  "/(?<=a)b/.test('ab');",
  "/[a&&b]/v.test('a');",
  "import data from './data.json' with { type: 'json' };",
];
const LIBRARY = [
  "Array.fromAsync([]);",
  "Promise.withResolvers();",
  "new Set().union(new Set());",
  "[1].toSorted();",
];
const PLATFORM = [
  "URL.parse('https://example.com');",
  "URL.canParse('https://example.com');",
  "AbortSignal.any([]);",
  "new URLSearchParams('a').size;",
  "document.body.checkVisibility();",
  "document.startViewTransition(() => {});",
  "Response.json({});",
  "ReadableStream.from([]);",
  "new Headers().getSetCookie();",
  "new Response().bytes();",
  "import.meta.resolve('x');",
];

for (const file of [
  "npm/edgegate/example.js",
  "npm/edgegate/client/example.js",
  "www/example.js",
]) {
  test(`eslint rejects newer syntax and newer parts of the library: ${file}`, async () => {
    const eslint = new ESLint({ cwd: inRoot() });
    for (const line of [...SYNTAX, ...LIBRARY]) {
      const [{ messages }] = await eslint.lintText(`${line}\n`, { filePath: inRoot(file) });
      assert.ok(
        messages.some(({ ruleId, severity }) => severity === 2 && /^es-x\/no-/.test(ruleId ?? "")),
        `${line}: ${JSON.stringify(messages)}`,
      );
    }
    const [{ messages }] = await eslint.lintText("[1].at(-1);\n", { filePath: inRoot(file) });
    assert.deepEqual(messages, []);
  });
}

test("eslint reads the browsers from package.json", async () => {
  const eslint = new ESLint({ cwd: inRoot() });
  const filePath = inRoot("www/example.js");
  const [{ messages }] = await eslint.lintText('new CompressionStream("gzip");\n', { filePath });
  assert.match(messages[0]?.message ?? "", /not supported in .*Safari 16\.0/);
});

for (const config of ["package-browser", "pages"]) {
  test(`the compiler rejects newer parts of the library and of browsers: ${config}`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), "edgegate-oldest-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const lines = [...LIBRARY, ...PLATFORM, "AbortSignal.timeout(1);", "[1].at(-1);"];
    writeFileSync(join(folder, "example.js"), `${lines.join("\n")}\n`);
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: inRoot(`tsconfig/${config}.json`),
        compilerOptions: { typeRoots: [inRoot("node_modules/@types")] },
        files: ["example.js"],
        include: [],
      }),
    );
    const { output } = run("typescript/bin/tsc", ["--project", folder]);
    const rejected = [...output.matchAll(/example\.js\((\d+),/g)].map(([, number]) =>
      Number(number),
    );
    const newer = LIBRARY.length + PLATFORM.length;
    assert.deepEqual(
      rejected,
      Array.from({ length: newer }, (_, index) => index + 1),
      output,
    );
  });
}

test("biome rejects newer CSS", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-oldest-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const config = { extends: [inRoot("biome.json")], vcs: { enabled: false } };
  writeFileSync(join(folder, "biome.json"), JSON.stringify(config));
  mkdirSync(join(folder, "www"));
  const css = "a {\n  color: light-dark(#fff, #000);\n  color: rgb(0 0 0 / 0.5);\n}\n";
  writeFileSync(join(folder, "www/example.css"), css);
  const { status, output } = run("@biomejs/biome/bin/biome", ["lint", "www/example.css"], folder);
  assert.equal(status, 1, output);
  assert.match(output, /example\.css:2:10 lint\/suspicious\/useBaseline/);
  assert.equal(output.split("useBaseline").length, 2, output);
});
