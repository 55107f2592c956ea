// Every subcommand of `edgegate` prints JSON for programs, rejects an unknown environment, and is in
// the README.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { programOf } from "../../npm/edgegate-worker/cli/lib/program.js";
import { SUBCOMMANDS } from "../../npm/edgegate-worker/cli/subcommands.js";
import { inRoot } from "../../scripts/project/root.mjs";

// Only the shells' scripts call `complete`, so it is left out here.
const { commands } = programOf(SUBCOMMANDS);
const shown = commands.filter((command) => command.name() !== "complete");
const names = shown.map((command) => command.name());

const leaves = (command) =>
  command.commands.length ? command.commands.flatMap(leaves) : [command];
const has = (command, option) => command.options.some(({ long }) => long === option);
const nameOf = (command) =>
  command.parent.name() === "edgegate"
    ? command.name()
    : `${nameOf(command.parent)} ${command.name()}`;

test("every subcommand has --json, and one that changes what is deployed asks", () => {
  assert.ok(names.length >= 12, `${names}`);
  const all = shown.flatMap(leaves);
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

test("an unknown environment stops every subcommand before it does anything", async (t) => {
  // A subcommand that goes on nevertheless finds no project here, and says that instead.
  const empty = mkdtempSync(join(tmpdir(), "edgegate-subcommands-"));
  const before = { folder: process.cwd(), environment: process.env.CLOUDFLARE_ENV };
  t.after(() => {
    process.chdir(before.folder);
    if (before.environment === undefined) delete process.env.CLOUDFLARE_ENV;
    else process.env.CLOUDFLARE_ENV = before.environment;
    rmSync(empty, { recursive: true });
  });
  process.chdir(empty);
  const refuse = async (environment) => {
    throw new Error(`refused: ${environment}`);
  };
  const run = (...words) =>
    programOf(SUBCOMMANDS, refuse).parseAsync(["node", "edgegate", ...words.flat()]);

  const all = shown.flatMap(leaves);
  for (const command of all.filter((each) => has(each, "--env"))) {
    const words = [
      ...nameOf(command).split(" "),
      ...command.registeredArguments.filter(({ required }) => required).map(() => "given"),
      ...command.options
        .filter(({ mandatory }) => mandatory)
        .flatMap(({ long }) => [long, "given"]),
    ];
    delete process.env.CLOUDFLARE_ENV;
    await assert.rejects(run(words, "--env", "stagign"), /^Error: refused: stagign$/, `${words}`);
    process.env.CLOUDFLARE_ENV = "staging-of-shell";
    await assert.rejects(run(words), /^Error: refused: staging-of-shell$/, `${words}`);
    await assert.rejects(run(words, "--env", "stagign"), /^Error: refused: stagign$/, `${words}`);
  }
  // These do the same for each environment.
  const without = all.filter((each) => !has(each, "--env"));
  assert.deepEqual(without.map(nameOf).toSorted(), ["completion", "prepare", "upgrade"]);
  for (const command of without)
    await assert.rejects(run(nameOf(command), "--env", "stagign"), /unknown option '--env'/);
});

test("README names every subcommand", () => {
  const readme = readFileSync(inRoot("npm/edgegate-worker/README.md"), "utf8");
  for (const name of names) assert.ok(readme.includes(`| \`edgegate ${name}\` |`), name);
});
