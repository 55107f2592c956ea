// Every subcommand of `edgegate` must be able to print JSON for programs, must reject an unknown
// environment, and must be described in the README.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { programOf } from "../../npm/edgegate-worker/cli/lib/program.js";
import { SUBCOMMANDS } from "../../npm/edgegate-worker/cli/subcommands.js";
import { inRoot } from "../../scripts/project/root.mjs";

// Leave out `complete`, because users don't call it. Only the completion scripts of the shells call
// it.
const { commands } = programOf(SUBCOMMANDS);
const shown = commands.filter((command) => command.name() !== "complete");
const names = shown.map((command) => command.name());

/**
 * Subcommands that do the same for each environment. Therefore they ignore the variable
 * CLOUDFLARE_ENV.
 */
const FOR_ALL_ENVIRONMENTS = ["completion", "prepare", "upgrade"];

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

test("every subcommand has --env and --remote; one for this machine alone refuses --remote", async () => {
  const all = shown.flatMap(leaves);
  for (const command of all)
    for (const option of ["--env", "--remote"])
      assert.ok(has(command, option), `${nameOf(command)} ${option}`);
  const refusing = [];
  for (const command of all) {
    // No subcommand has the option --no-such-option, so each subcommand stops at this option. A
    // subcommand that does not support --remote reports that error first.
    const run = programOf(SUBCOMMANDS, async () => {}).parseAsync([
      ...["node", "edgegate", ...nameOf(command).split(" "), "--remote", "--no-such-option"],
    ]);
    await assert.rejects(run, (/** @type {Error} */ error) => {
      if (/works on this machine only/.test(error.message)) refusing.push(nameOf(command));
      else assert.match(error.message, /unknown option '--no-such-option'|required option/);
      return true;
    });
  }
  assert.deepEqual(refusing.toSorted(), ["completion", "dev", "keys make", "prepare", "upgrade"]);
});

test("an argument that an option with several values has taken is explained, and usage shows the order that works", async () => {
  const greedy = shown.flatMap(leaves).filter(({ options, registeredArguments: [argument] }) => {
    return argument?.required && options.some(({ variadic }) => variadic);
  });
  assert.deepEqual(greedy.map(nameOf).toSorted(), [
    "clients change",
    "clients create",
    "users create",
  ]);
  for (const command of greedy) {
    const { long } = command.options.find(({ variadic }) => variadic) ?? { long: "" };
    const required = command.options.flatMap((one) => (one.mandatory ? [one.long, "value"] : []));
    const words = ["node", "edgegate", ...nameOf(command).split(" "), ...required];
    const taken = programOf(SUBCOMMANDS).parseAsync([...words, String(long), "value", "argument"]);
    await assert.rejects(taken, (/** @type {Error} */ error) => {
      assert.match(error.message, /missing required argument/);
      assert.match(error.message, /--[a-z-]+ takes every word after it/);
      return true;
    });
    assert.match(command.usage(), /^<\w+> \[options\]$/);
  }
  const alone = programOf(SUBCOMMANDS).parseAsync(["node", "edgegate", "users", "show"]);
  await assert.rejects(alone, /^CommanderError: error: missing required argument 'user'$/);
});

test("an unknown environment stops every subcommand before it does anything", async (t) => {
  // Run in an empty folder. If a subcommand does not reject the environment, it reports that there
  // is no project.
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
  for (const command of all) {
    const words = [
      ...nameOf(command).split(" "),
      ...command.registeredArguments
        .filter(({ required }) => required)
        .map(({ argChoices }) => argChoices?.[0] ?? "given"),
      ...command.options
        .filter(({ mandatory }) => mandatory)
        .flatMap(({ long }) => [long, "given"]),
    ];
    delete process.env.CLOUDFLARE_ENV;
    await assert.rejects(run(words, "--env", "stagign"), /^Error: refused: stagign$/, `${words}`);
    process.env.CLOUDFLARE_ENV = "staging-of-shell";
    // `prepare` and `completion` must work with any value of the variable. wrangler can run
    // `prepare` in any shell. A start-up file of a shell runs `completion` in any folder.
    if (!FOR_ALL_ENVIRONMENTS.includes(nameOf(command)))
      await assert.rejects(run(words), /^Error: refused: staging-of-shell$/, `${words}`);
    await assert.rejects(run(words, "--env", "stagign"), /^Error: refused: stagign$/, `${words}`);
  }
});

test("README names every subcommand", () => {
  const readme = readFileSync(inRoot("npm/edgegate-worker/README.md"), "utf8");
  for (const name of names) assert.ok(readme.includes(`| \`edgegate ${name}\` |`), name);
});
