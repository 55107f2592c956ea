// The npm scripts, the commands of wrangler and `edgegate` with their options, and the test targets
// of cargo that the documents name must exist. The test does not run the commands, because some
// need a Cloudflare account and others take minutes.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { experimental_getWranglerCommands } from "wrangler";
import { parse } from "yaml";
import { programOf } from "../../npm/edgegate-worker/cli/lib/program.js";
import { SUBCOMMANDS } from "../../npm/edgegate-worker/cli/subcommands.js";
import { inRoot } from "../../scripts/project/root.mjs";
import { filesUnder } from "./files.mjs";
import { blocks } from "./markdown.mjs";

const read = (path) => readFileSync(inRoot(path), "utf8");
const pages = ["", "docs", "docs/decisions", "tests", "tests/mutants"].flatMap((folder) =>
  readdirSync(inRoot(folder))
    .filter((name) => name.endsWith(".md") && name !== "CHANGELOG.md")
    .map((name) => (folder === "" ? name : `${folder}/${name}`)),
);
const found = (pattern) => pages.flatMap((page) => [...read(page).matchAll(pattern)]);

test("npm scripts", () => {
  const { scripts } = JSON.parse(read("package.json"));
  const named = found(/\bnpm run ([\w:]+)/g).map(([, name]) => name);
  assert.ok(named.length >= 30, `${named.length}`);
  assert.deepEqual(
    named.filter((name) => !scripts[name]),
    [],
  );
});

test("subcommands of edgegate, and their options", async () => {
  const program = programOf(SUBCOMMANDS);
  const calls = found(/(?:npx edgegate|npm run edgegate --) ([a-z][^`\n;|<>#]*)/g).map(([, text]) =>
    text.trim(),
  );
  assert.ok(calls.length >= 30, `${calls.length}`);
  const unknown = calls.filter((text) => {
    const words = text.split(/\s+/);
    let place = program.commands.find((command) => command.name() === words[0]);
    words.shift();
    for (let next = place; next; words.shift()) {
      place = next;
      next = place.commands.find((command) => command.name() === words[0]);
      if (!next) break;
    }
    const options = words.filter((word) => word.startsWith("--") && word !== "--");
    return (
      !place ||
      options.some(
        (option) => option !== "--help" && !place.options.some(({ long }) => long === option),
      )
    );
  });
  assert.deepEqual(unknown, []);
});

test("wrangler commands, and their options", () => {
  const { registry, globalFlags } = experimental_getWranglerCommands();
  const unknown = [];
  const commands = found(/\bnpx wrangler ([^`\n]+)/g).map(([, text]) => text.trim());
  for (const text of commands) {
    let place = registry;
    const words = text.split(/\s+/);
    for (let next = place.subtree.get(words[0]); next; next = place.subtree.get(words[0])) {
      place = next;
      words.shift();
    }
    const flags = words.filter((word) => word.startsWith("--")).map((word) => word.slice(2));
    const { definition } = place;
    const ownFlags = definition && "args" in definition ? definition.args : {};
    const args = { ...globalFlags, ...ownFlags };
    const areKnown = flags.every((flag) => flag.split("=")[0] in args);
    if (place === registry || place.definition?.type !== "command" || !areKnown) unknown.push(text);
  }
  assert.deepEqual(unknown, []);
  assert.ok(commands.length >= 15, `${commands.length}`);
});

test("README names every route of the contract, and no other", () => {
  const { paths } = parse(read("openapi.yaml"));
  const named = read("README.md").matchAll(/`(?:[A-Z]+ )?(\/(?:auth|\.well-known|healthz)[^`?]*)/g);
  assert.deepEqual(
    [...new Set([...named].map(([, path]) => path))].sort(),
    Object.keys(paths).sort(),
  );
});

test("the package weighs what its pages say", () => {
  const { packageWasm } = JSON.parse(read("bench/size.json"));
  // The documents state the size in KB, rounded to the nearest ten.
  const weight = `${Math.round(packageWasm / 10_240) * 10} KB gzipped`;
  for (const page of ["docs/from-a-page.md", "npm/edgegate/README.md"])
    assert.ok(read(page).includes(weight), `${page}: ${weight}`);
});

// A 401 must have a WWW-Authenticate header (RFC 9110 section 15.5.2). Examples must follow this
// rule too, because readers copy them.
test("a program in a document or example that answers 401 sends a challenge", () => {
  const documents = filesUnder("").filter((path) =>
    /^(README|docs|npm|examples).*\.md$/.test(path),
  );
  const programs = documents.flatMap((path) =>
    blocks(read(path), "js").map((text) => ({ path, text })),
  );
  for (const path of filesUnder("examples").filter((path) => /\.(js|mjs|ts)$/.test(path)))
    programs.push({ path, text: read(path) });
  const answering = programs.filter(({ text }) => /\b401\b/.test(text));
  assert.ok(answering.length >= 3, `${answering.length}`);
  for (const { path, text } of answering) assert.match(text, /"WWW-Authenticate": '/, path);
});

test("test targets of cargo", () => {
  const targets = found(/\bcargo test --test (\w+)/g).map(([, name]) => name);
  assert.ok(targets.length >= 3, `${targets.length}`);
  for (const name of targets)
    assert.ok(
      [`tests/${name}.rs`, `tests/${name}`, `tests/models/${name}`].some((path) =>
        existsSync(inRoot(path)),
      ),
      name,
    );
});
