// Runs the code blocks in README.md, docs/, and the READMEs of the packages and the examples.
// follow/not-run.mjs lists the exceptions. Each block is run as a reader would run it, in a copy of
// the project. `npm test` runs the blocks once, in bash. It leaves out those documents that take
// most of the time: the READMEs of the examples, docs/deploy.md and docs/scale.md. The programs of
// the examples have tests of their own. `npm run test:wide` runs everything twice in each of the
// shells bash and zsh.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { prebuiltWorker } from "../../scripts/project/prebuilt-worker.mjs";
import { nginx } from "../../scripts/setup/nginx.mjs";
import { zsh } from "../../scripts/setup/zsh.mjs";
import { count } from "../count.mjs";
import { isWide } from "../wide.mjs";
import { blocksOf, documentsIn } from "./follow/documents.mjs";
import { follow, sort, summary } from "./follow/follow.mjs";
import { compare, Reader } from "./follow/reader.mjs";

const MINUTES = 60_000;

/** @type {("bash" | "zsh")[]} */
const SHELLS = isWide ? ["bash", "zsh"] : ["bash"];
const SLOW = /^(examples\/|docs\/(deploy|scale)\.md$)/;
const only = (document) => isWide || !SLOW.test(document);

for (const shell of SHELLS) {
  test(`the documents, followed in ${shell}`, { timeout: 60 * MINUTES }, async (t) => {
    await prebuiltWorker();
    // The README of examples/forward-auth assumes that its reader has installed nginx.
    if (isWide) await nginx();
    if (shell === "zsh") await zsh();
    const tell = (line) => t.diagnostic(line);
    const outcome = await follow({ shell, times: isWide ? 2 : 1, only, tell });
    assert.deepEqual(outcome.faults, []);
    count(`documents-${shell}`, `${summary(outcome)} (${shell})`);
  });
}

/** Creates a folder with one document. Returns a reader that follows the document. */
function documentOf(t, text) {
  const root = mkdtempSync(join(tmpdir(), "edgegate-document-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, "README.md"), text);
  mkdirSync(join(root, "home"));
  const clone = { root, home: join(root, "home"), move: (same) => same, port: (same) => same };
  const reader = new Reader("bash", /** @type {any} */ (clone));
  t.after(() => reader.close());
  return { blocks: blocksOf(root, "README.md"), reader };
}

const fenced = (language, text) => `\`\`\`${language}\n${text}\n\`\`\`\n\n`;

test("the text below a block is what the block prints", async (t) => {
  const { blocks, reader } = documentOf(
    t,
    fenced("sh", "A=one\necho $A\necho two") +
      fenced("text", "one\ntwo") +
      "Then comes this. It says:\n\n" +
      fenced("sh", 'printf \'{"a": [1, "%s"]}\' $A') +
      fenced("json", '{"a":[1,"o…"]}') +
      fenced("sh", "echo $A") +
      "It prints another number:\n\n" +
      fenced("text", "two") +
      "# A heading\n\n" +
      fenced("text", "alone"),
  );
  assert.deepEqual(
    blocks.map(({ line, isExpectation }) => (isExpectation ? -line : line)),
    [1, -7, 14, -18, 22, -28, 34],
  );
  await reader.follow(blocks[0]);
  await reader.follow(blocks[2]);
  await assert.rejects(reader.follow(blocks[4]), /it printed:\none\ninstead of:\ntwo/);
});

test("a command that fails, or that the shell misreads, is a fault", async (t) => {
  const { blocks, reader } = documentOf(
    t,
    fenced("sh", "false\necho fine") +
      fenced("sh", "no-such-command; echo fine") +
      fenced("sh", 'echo "so!true"') +
      fenced("sh", "echo fine"),
  );
  for (const block of blocks.slice(0, 3))
    await assert.rejects(reader.follow(block), /a command failed/, block.text);
  await reader.follow(blocks[3]);
});

test("a block is run, or is listed with a reason, and at most a tenth is listed", (t) => {
  const { blocks } = documentOf(
    t,
    fenced("cobol", "DISPLAY 'x'.") + fenced("sh", "true").repeat(8) + fenced("sh", "unlike"),
  );
  const listed = (...begins) =>
    sort(blocks, {
      listed: begins.map((text) => ({ document: "README.md", begins: text, reason: "none" })),
      elsewhere: [],
    });
  assert.deepEqual(listed().faults, [
    'README.md:1: it is not known how to run "cobol" (follow.mjs)',
  ]);
  const one = listed("DISPLAY");
  assert.deepEqual([one.faults, [...one.notRun.values()]], [[], [{ reason: "none" }]]);
  assert.match(listed("DISPLAY", "unlike").faults.join(), /2 of 10 blocks .* more than a tenth/);
  assert.match(listed("DISPLAY", "gone").faults.join(), /0 blocks begin with "gone"/);
});

test("a fence that does not end is named with its line", (t) => {
  assert.throws(() => documentOf(t, "# Title\n\n```sh\ntrue\n"), /README\.md:3: .* does not end/);
});

test("every document has its blocks read, examples and packages too", () => {
  const found = documentsIn(join(import.meta.dirname, "../.."));
  for (const path of ["README.md", "docs/deploy.md", "npm/edgegate/README.md"])
    assert.ok(found.includes(path), path);
  assert.ok(found.filter((path) => path.startsWith("examples/")).length >= 4);
  assert.deepEqual(found.slice(0, 2), ["README.md", "docs/get-started.md"]);
});

test("an ellipsis means any text, and nothing else does", () => {
  compare('{"code":"x"} 400\n204', "{…} 400\n204", "text");
  assert.throws(() => compare("a.b", "a?b", "text"));
  assert.throws(() => compare("200\n401", "200", "text"));
  assert.throws(() => compare('{"a":1,"b":2}', '{"a":1}', "json"));
  assert.throws(() => compare("no", '{"a":1}', "json"), /no JSON/);
});
