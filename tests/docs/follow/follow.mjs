// Follows the documents as a reader would: runs the fenced code blocks. Leaves out the blocks that
// not-run.mjs lists.
import { readFileSync } from "node:fs";
import { inRoot } from "../../../scripts/project/root.mjs";
import { makeClone } from "./clone.mjs";
import * as data from "./data.mjs";
import { blocksOf, documentsIn, isShell, placeOf } from "./documents.mjs";
import { ELSEWHERE, MOST, NOT_RUN } from "./not-run.mjs";
import { prepare } from "./preparations.mjs";
import { Programs } from "./programs.mjs";
import { Reader } from "./reader.mjs";

const PROGRAMS = new Set(["js", "javascript", "mjs", "jsx", "ts", "tsx", "typescript", "html"]);
const isProgram = ({ language }) => PROGRAMS.has(language);
/**
 * Commands that start the service. The start command of an example does not match, because it first
 * changes to the folder of the example.
 */
const STARTS = /^npm (run reset\nnpm )?start( -- .*)?$/;

/** The address of the service that `npm start` runs. */
const LOCAL = /127\.0\.0\.1:8787/;

/**
 * @typedef {object} Options
 * @property {"bash" | "zsh"} shell
 * @property {number} [times] how often the documents are followed; the data of one pass stays for
 *   the next
 * @property {(document: string) => boolean} [only] returns whether to follow this document
 * @property {(line: string) => void} [tell] is called with each line that reports progress
 */

/**
 * @typedef {object} Outcome
 * @property {number} run how many blocks with commands or programs were run
 * @property {number} compared how many outputs were compared with those in the document
 * @property {number} read how many blocks of data were parsed, or were found in a file of the
 *   project
 * @property {{ place: string, reason: string }[]} notRun
 * @property {string[]} faults a fault of a block begins with its document and its line
 */

/**
 * @param {Options} options
 * @returns {Promise<Outcome>}
 */
export async function follow({ shell, times = 1, only = () => true, tell = () => {} }) {
  const clone = await makeClone();
  try {
    const documents = documentsIn(clone.root);
    const blocks = new Map(documents.map((path) => [path, blocksOf(clone.root, path)]));
    const { notRun, byOthers, faults } = sort([...blocks.values()].flat());
    const isMine = (block) => !notRun.has(block) && !byOthers.has(block);
    /** @type {Outcome} */
    const outcome = { run: 0, compared: 0, read: 0, notRun: [], faults };
    for (const [block, { reason }] of notRun)
      outcome.notRun.push({ place: placeOf(block), reason });
    for (let pass = 1; pass <= times; pass++) {
      const read = documents.filter((path) => only(path));
      const todo = read.map((path) => (blocks.get(path) ?? []).filter(isMine));
      await followAll(todo, {
        shell,
        clone,
        outcome,
        tell: (line) => tell(`pass ${pass}: ${line}`),
      });
      const changes = clone.changes();
      if (changes) faults.push(`afterwards \`git status\` is not clean:\n${changes}`);
    }
    return outcome;
  } finally {
    clone.remove();
  }
}

/** @param {Outcome} outcome */
export const summary = ({ run, compared, read, notRun }) =>
  `${run} blocks of commands and programs run, ${compared} outputs compared, ` +
  `${read} blocks of data read, ${notRun.length} blocks not run`;

/**
 * Finds the blocks that not-run.mjs lists: the blocks that are not run, and the blocks that another
 * test runs. Reports these faults: too many blocks are not run; an entry matches no block, or
 * several blocks; the other test does not name the document; a block is in a language that can't be
 * run.
 *
 * @param {import("./documents.mjs").Block[]} blocks
 */
export function sort(blocks, { listed = NOT_RUN, elsewhere = ELSEWHERE } = {}) {
  const faults = [];
  const takeOut = (entries) => {
    const taken = new Map();
    for (const { document, begins, ...rest } of entries) {
      const its = blocks.filter((one) => one.document === document && one.text.startsWith(begins));
      if (its.length !== 1)
        faults.push(`${document}: ${its.length} blocks begin with "${begins}" (not-run.mjs)`);
      for (const block of its) taken.set(block, rest);
    }
    return taken;
  };
  const notRun = takeOut(listed);
  const byOthers = takeOut(elsewhere);
  for (const [block, { test }] of byOthers)
    if (!readFileSync(inRoot(test), "utf8").includes(block.document))
      faults.push(`${placeOf(block)}: ${test} does not read ${block.document} (not-run.mjs)`);
  for (const block of blocks) {
    if (notRun.has(block) || byOthers.has(block) || block.isExpectation) continue;
    if (!isShell(block) && !isProgram(block) && !data.isData(block))
      faults.push(`${placeOf(block)}: it is not known how to run "${block.language}" (follow.mjs)`);
  }
  const all = blocks.filter(({ isExpectation }) => !isExpectation).length;
  if (notRun.size > all * MOST)
    faults.push(`${notRun.size} of ${all} blocks are not run: that is more than a tenth`);
  return { notRun, byOthers, faults };
}

/**
 * Follows the documents. Some documents require that `npm start` is running. If several of them
 * come one after the other, they share one running service. The other documents start the service
 * themselves, or need no service.
 *
 * @param {import("./documents.mjs").Block[][]} documents
 */
async function followAll(documents, { shell, clone, outcome, tell }) {
  const programs = new Programs(clone);
  let service;
  try {
    for (const blocks of documents.filter((blocks) => blocks.length > 0)) {
      const begun = performance.now();
      const startsItself = blocks.some((block) => isShell(block) && STARTS.test(block.text));
      const needsService = blocks.some((block) => isProgram(block) || LOCAL.test(block.text));
      if (startsItself || needsService !== (service !== undefined)) {
        await service?.close();
        service = undefined;
      }
      if (needsService && !startsItself && !service) {
        service = new Reader(shell, clone);
        await service.follow({ text: "npm start" });
      }
      programs.begin();
      await followOne(blocks, { shell, clone, programs, outcome });
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      tell(`${blocks[0].document}, ${blocks.length} blocks, ${seconds} s`);
    }
  } finally {
    await Promise.allSettled([service?.close(), programs.close()]);
  }
}

/** Follows a document like a reader who begins in the folder of the project. */
async function followOne(blocks, { shell, clone, programs, outcome }) {
  const [{ document }] = blocks;
  const { env = {}, before, undo } = await prepare(document, clone);
  const reader = new Reader(shell, clone, { ...clone.environmentFor(document), ...env });
  for (const block of blocks.filter(({ isExpectation }) => !isExpectation)) {
    try {
      before?.(block);
      if (isShell(block)) await reader.follow(block);
      else if (isProgram(block)) await programs.run(block);
      else await data.check(block);
      outcome[data.isData(block) ? "read" : "run"] += 1;
      if (block.expected) outcome.compared += 1;
    } catch (error) {
      outcome.faults.push(`${placeOf(block)} (${shell}): ${/** @type {Error} */ (error).message}`);
    }
  }
  await reader.close();
  await undo?.();
}
