// Every subcommand of `edgegate` prints JSON for programs, and README names it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { programOf } from "../../npm/edgegate-worker/cli/lib/program.js";
import { SUBCOMMANDS } from "../../npm/edgegate-worker/cli/subcommands.js";
import { inRoot } from "../../scripts/project/root.mjs";

// Only the shells' scripts call `complete`, so it is left out here.
const { commands } = programOf(SUBCOMMANDS);
const shown = commands.filter((command) => command.name() !== "complete");
const names = shown.map((command) => command.name());

test("every subcommand has --json, and one that changes what is deployed asks", () => {
  assert.ok(names.length >= 12, `${names}`);
  const leaves = (command) =>
    command.commands.length ? command.commands.flatMap(leaves) : [command];
  const all = shown.flatMap(leaves);
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
