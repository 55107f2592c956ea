// Every subcommand of `edgegate` prints JSON for programs, and README names it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { programOf } from "../../npm/edgegate-worker/cli/lib/program.js";
import { inRoot } from "../../scripts/project/root.mjs";

const source = readFileSync(inRoot("npm/edgegate-worker/cli/edgegate.js"), "utf8");
const names = [...source.matchAll(/import \{ (\w+) \} from "\.\/(\w+)\.js"/g)].map(
  ([, name]) => name,
);

test("every subcommand has --json, and one that changes what is deployed asks", async () => {
  assert.ok(names.length >= 7, `${names}`);
  const registers = await Promise.all(
    names.map(async (name) => (await import(inRoot(`npm/edgegate-worker/cli/${name}.js`)))[name]),
  );
  const { commands } = programOf(registers);
  const all = commands.flatMap((command) => (command.commands.length ? command.commands : command));
  const has = (command, option) => command.options.some(({ long }) => long === option);
  for (const command of all) assert.ok(has(command, "--json"), command.name());
  const asking = all.filter((command) => has(command, "--yes")).map((command) => command.name());
  assert.deepEqual(asking.toSorted(), ["add", "deploy", "drop", "promote", "upgrade"]);
});

test("README names every subcommand", () => {
  const readme = readFileSync(inRoot("npm/edgegate-worker/README.md"), "utf8");
  for (const name of names) assert.ok(readme.includes(`| \`edgegate ${name}\` |`), name);
});
