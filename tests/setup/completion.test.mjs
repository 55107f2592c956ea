// The Tab key completes the words of the command `edgegate`, in bash and in zsh.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { node } from "../../scripts/project/tools.mjs";

const COMMAND = inRoot("npm/edgegate-worker/cli/edgegate.js");
const run = (command, ...args) =>
  spawnSync(command, args, { encoding: "utf8", env: { ...process.env, NODE: node() } });

/** The words that a user has typed, and the words that the Tab key then offers. */
const CASES = /** @type {[string[], string[]][]} */ ([
  [["us"], ["users"]],
  [["users", "gr"], ["grant"]],
  [["users", "un"], ["unlock"]],
  [["users", "in"], ["invite"]],
  [
    ["users", "e"],
    ["enable", "export"],
  ],
  [["users", "grant", "--y"], ["--yes"]],
  [["users", "--json", "grant", "--y"], ["--yes"]],
  [["users", "list", "--limit", "grant"], []],
  [["users", "list", "--limit", "5", "--cur"], ["--cursor"]],
  [["users", "grant", "ada@example.com", "users"], []],
  [["keys", "p"], ["promote"]],
  [
    ["completion", ""],
    ["bash", "zsh"],
  ],
  [["completion", "bash", ""], []],
  [["compl"], ["completion"]],
  [["deploy", "--", "--e"], []],
  [["no", "such"], []],
]);

test("the candidates of a command line", () => {
  for (const [words, expected] of CASES) {
    const { status, stdout } = run(node(), COMMAND, "complete", "--", ...words);
    assert.equal(status, 0);
    const found = stdout.split("\n").filter((line) => line !== "");
    assert.deepEqual(found.toSorted(), expected, words.join(" "));
  }
  const { stdout } = run(node(), COMMAND, "complete", "--", "");
  assert.ok(stdout.includes("users\n") && !stdout.includes("complete\n"), stdout);
  const options = run(node(), COMMAND, "complete", "--", "users", "import", "--").stdout;
  assert.deepEqual(options.trim().split("\n").toSorted(), [
    ...["--allow-admin", "--dry-run", "--env", "--help", "--json", "--persist-to", "--port"],
    ...["--remote", "--yes"],
  ]);
});

test("the environment of the shell does not matter: there may be no project", () => {
  for (const words of [
    ["complete", "--", "us"],
    ["completion", "bash"],
  ]) {
    const { status, stderr } = spawnSync(node(), [COMMAND, ...words], {
      encoding: "utf8",
      cwd: "/",
      env: { ...process.env, CLOUDFLARE_ENV: "staging-of-shell" },
    });
    assert.deepEqual([status, stderr], [0, ""], words.join(" "));
  }
});

test("bash completes the command, and evaluates nothing that was typed", () => {
  const script = `
    set -eu
    source <("$NODE" '${COMMAND}' completion bash)
    complete -p edgegate
    try() {
      COMP_WORDS=(edgegate "$@"); COMP_CWORD=$#; COMPREPLY=()
      _edgegate
      echo "\${COMPREPLY[*]-}"
    }
    try us
    try users e
    try completion ''
    try users grant '$(echo evaluated >&2)' '--y'`;
  const { status, stdout, stderr } = run("bash", "--norc", "-c", script);
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split("\n"), [
    "complete -o default -F _edgegate edgegate",
    "users",
    "enable export",
    "bash zsh",
    "--yes",
  ]);
  assert.equal(stderr, "");
});

test("zsh completes the command", (t) => {
  if (run("zsh", "--version").status !== 0) return t.skip("zsh is not installed");
  const script = `
    source <("$NODE" '${COMMAND}' completion zsh | grep -v '^compdef ')
    compadd() { echo "\${(P)2}" }
    _files() { echo files }
    try() { words=(edgegate "$@"); CURRENT=$#words; _edgegate }
    try us
    try users e
    try users grant ada@example.com editor
    try users grant '$(echo evaluated >&2)' '--y'`;
  const { status, stdout, stderr } = run("zsh", "-f", "-c", script);
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split("\n"), ["users", "enable export", "files", "--yes"]);
  assert.equal(stderr, "");
});

test("another shell is refused with those that there are", () => {
  const { status, stderr } = run(node(), COMMAND, "completion", "fish");
  assert.equal(status, 1);
  assert.match(stderr, /Allowed choices are bash, zsh/);
});
