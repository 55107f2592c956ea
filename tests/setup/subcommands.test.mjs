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
  const leaves = (command) =>
    command.commands.length ? command.commands.flatMap(leaves) : [command];
  const all = commands.flatMap(leaves);
  const has = (command, option) => command.options.some(({ long }) => long === option);
  const nameOf = (command) =>
    command.parent.name() === "edgegate"
      ? command.name()
      : `${nameOf(command.parent)} ${command.name()}`;
  for (const command of all) assert.ok(has(command, "--json"), nameOf(command));
  const asking = all.filter((command) => has(command, "--yes")).map(nameOf);
  assert.deepEqual(asking.toSorted(), [
    "clients change",
    "clients create",
    "clients delete",
    "clients secret add",
    "clients secret drop",
    "deploy",
    "keys add",
    "keys drop",
    "keys promote",
    "mail drop",
    "mail retry",
    "restored",
    "sessions",
    "upgrade",
    "users create",
    "users disable",
    "users enable",
    "users grant",
    "users import",
    "users invite",
    "users revoke",
    "users unlock",
    "users verify",
  ]);
});

test("README names every subcommand", () => {
  const readme = readFileSync(inRoot("npm/edgegate-worker/README.md"), "utf8");
  for (const name of names) assert.ok(readme.includes(`| \`edgegate ${name}\` |`), name);
});
