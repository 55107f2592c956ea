// Finds the documents that readers follow, and returns their fenced code blocks in order.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

const SHELLS = new Set(["sh", "bash", "shell", "zsh", "console"]);

/**
 * Returns the paths of all documents below `root`: README.md, docs/, and the READMEs of packages
 * and examples. `docs/get-started.md` comes directly after README.md, because a reader of the other
 * documents is expected to have read it.
 */
export function documentsIn(root) {
  const under = (folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder))
          .sort()
          .flatMap((name) => {
            const path = `${folder}/${name}`;
            if (name === "node_modules") return [];
            return statSync(join(root, path)).isDirectory() ? under(path) : [path];
          })
      : [];
  const isReadme = (path) => basename(path) === "README.md";
  const all = [
    "README.md",
    ...under("docs").filter((path) => path.endsWith(".md")),
    ...under("npm").filter(isReadme),
    ...under("examples").filter(isReadme),
  ].filter((path) => existsSync(join(root, path)));
  const rank = (path) => ["README.md", "docs/get-started.md"].indexOf(path);
  const first = all.filter((path) => rank(path) >= 0).sort((a, b) => rank(a) - rank(b));
  return [...first, ...all.filter((path) => rank(path) < 0)];
}

/**
 * @typedef {object} Block
 * @property {string} document
 * @property {number} line the number of the line with the opening fence; the first line is 1
 * @property {string} language the language in lower case; "" if the fence names no language
 * @property {string} text
 * @property {Block} [expected] for a shell block: the block with the output that the shell block
 *   must have
 * @property {boolean} [isExpectation] whether this block is the `expected` of the previous block
 */

/**
 * Returns the fenced code blocks of a document (CommonMark 4.5). A block of text or JSON below a
 * shell block is the expected output of the shell block. Between the two blocks there may only be a
 * paragraph that ends with a colon.
 *
 * @returns {Block[]}
 */
export function blocksOf(root, document) {
  const blocks = [];
  const lines = readFileSync(join(root, document), "utf8").split("\n");
  let open;
  let between = [];
  for (const [index, line] of lines.entries()) {
    if (!open) {
      const fence = /^( *)(`{3,}|~{3,})([^`]*)$/.exec(line);
      if (!fence) {
        between.push(line);
        continue;
      }
      const [, indent, marks, info] = fence;
      const language = info.trim().split(/\s/)[0].toLowerCase();
      open = { indent, marks, taken: [], between, block: { document, line: index + 1, language } };
    } else if (
      new RegExp(`^ {0,${open.indent.length + 3}}${open.marks}${open.marks[0]}*\\s*$`).test(line)
    ) {
      const block = { ...open.block, text: open.taken.join("\n") };
      const before = blocks.at(-1);
      if (
        before &&
        isShell(before) &&
        leadsOn(open.between) &&
        ["", "text", "json"].includes(block.language)
      ) {
        before.expected = block;
        block.isExpectation = true;
      }
      blocks.push(block);
      open = undefined;
      between = [];
    } else {
      open.taken.push(
        line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart(),
      );
    }
  }
  if (open) throw new Error(`${document}:${open.block.line}: this block does not end`);
  return blocks;
}

/** Returns whether the lines are empty, or are a single paragraph that ends with a colon. */
const leadsOn = (lines) => /^(|[^#|\s-](?!.*\n\s*\n).*:)$/s.test(lines.join("\n").trim());

export const isShell = ({ language }) => SHELLS.has(language);
export const placeOf = ({ document, line }) => `${document}:${line}`;
