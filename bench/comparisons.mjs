// Compares edgegate with the other subjects of a run. For each kind of work, a comparison has a
// ratio with its confidence interval, and the verdict whether edgegate is ahead, level or behind. A
// ratio above 1 always means that edgegate is better.
import { ratioInterval, shownInterval, verdict } from "./intervals.mjs";

const isBare = (name) => name.includes("bare");
/**
 * Whether a subject is a variant of another project that does one thing in the same way as
 * edgegate. Such a variant is only measured to find out what makes the difference in time.
 */
const isLikeOurs = (name) => name.endsWith("of edgegate");
const isOurs = (name) => name.startsWith("edgegate") && !isBare(name);

/**
 * @typedef {{ ratio: number, low?: number, high?: number, verdict: string }} Compared
 * @typedef {Compared & { work: string, title: string, ours: string, other: string, processor?:
 *   Compared }} Comparison `processor` compares the processor time
 */

/**
 * Compares each configuration of edgegate with each other subject, for each kind of work. Some
 * kinds of work are not measured with the whole service but only as bare work (bench/bare-worker).
 * For these, the bare work is compared with the other subjects.
 *
 * If the record of a run does not have the values of each round, there are no intervals, and the
 * ratio is that of the medians.
 *
 * @returns {Comparison[]}
 */
export function comparisonsOf({ works, starts, floor }) {
  const found = Object.entries(works).flatMap(([work, { title, subjects }]) =>
    pairs(Object.keys(subjects), floor).map(([ours, other]) => {
      const [one, two] = [subjects[ours], subjects[other]];
      const processor = lessIsBetter(one, two, "processor");
      return {
        work,
        title,
        ours,
        other,
        ...moreIsBetter(one, two, "rate"),
        ...(processor && { processor }),
      };
    }),
  );
  const started = pairs(Object.keys(starts ?? {}), floor).map(([ours, other]) => ({
    work: "cold-start",
    title: "cold start",
    ours,
    other,
    ...lessIsBetter(starts[ours], starts[other], "milliseconds"),
  }));
  return [...found, ...started];
}

function pairs(names, floor) {
  const service = names.filter(isOurs);
  const ours = service.length > 0 ? service : names.filter(isBare);
  const others = names.filter((name) => !ours.includes(name) && name !== floor);
  return ours.flatMap((one) => others.map((other) => [one, other]));
}

function moreIsBetter(ours, other, what) {
  if (!ours[what] || !other[what]) return undefined;
  const compared =
    ours.eachRound && other.eachRound
      ? ratioInterval(ours.eachRound[what], other.eachRound[what])
      : { ratio: ours[what].median / other[what].median };
  return { ...compared, verdict: verdict(compared) };
}

const lessIsBetter = (ours, other, what) => moreIsBetter(other, ours, what);

/**
 * The rate of a subject divided by the rate of the floor (an empty Worker). The result has an
 * interval if the run recorded the values of each round.
 */
export function shareOf({ share, eachRound }) {
  return eachRound?.floor
    ? ratioInterval(eachRound.rate, eachRound.floor)
    : { ratio: share.median };
}

/**
 * The comparisons as a table: a list of lines of Markdown. `only` lists the kinds of work to show.
 */
export function comparisonTable(results, only) {
  const list = comparisonsOf(results).filter(({ work }) => !only || only.includes(work));
  const hasIntervals = list.some(({ low }) => low !== undefined);
  const row = (cells) => `| ${cells.join(" | ")} |`;
  const said = (compared) =>
    compared ? `${compared.verdict}: ${shownInterval(compared)}` : "not measured";
  return [
    ...(hasIntervals ? [] : [...wrapped(WITHOUT_INTERVALS), ""]),
    row(["work", "of edgegate", "beside", "edgegate is", "by processor time"]),
    row(["---", "---", "---", "---", "---"]),
    ...list.map((compared) =>
      row([
        compared.title,
        compared.ours,
        compared.other,
        said(compared),
        said(compared.processor),
      ]),
    ),
  ];
}

/**
 * A list in Markdown with one item for each of these kinds of work that the run measured. An item
 * compares edgegate with each of the other projects. If several configurations of edgegate did this
 * work, the item is about the first: the default one.
 */
export function comparisonList(results, works) {
  const comparisons = comparisonsOf(results);
  const items = works.flatMap((work) => {
    const those = comparisons.filter(
      ({ work: done, other }) => done === work && !isBare(other) && !isLikeOurs(other),
    );
    const ours = those.filter((compared) => compared.ours === those[0].ours);
    if (ours.length === 0) return [];
    const parts = VERDICTS.flatMap(([verdict, words]) => {
      const others = ours.filter((compared) => compared.verdict === verdict);
      return others.length === 0 ? [] : `${words} ${others.map(beside).join(", ")}`;
    });
    return wrapped(`- ${ours[0].title}: ${parts.join("; ")}`);
  });
  const hasIntervals = comparisons.some(({ low }) => low !== undefined);
  return [...wrapped(hasIntervals ? WITH_INTERVALS : WITHOUT_INTERVALS), "", ...items];
}

const VERDICTS = [
  ["ahead", "ahead of"],
  ["level", "level with"],
  ["behind", "behind"],
  ["unknown", "compared with"],
];
/** @param {Comparison} compared */
const beside = ({ other, ratio, low, high }) =>
  `${other} ${low === undefined ? ratio.toFixed(2) : shownInterval({ ratio, low, high })}`;

/**
 * Breaks the text into lines of at most 100 columns. If the text is a list item, all lines except
 * the first are indented.
 */
export function wrapped(text) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (line.length <= 100) lines[lines.length - 1] = line;
    else lines.push(text.startsWith("- ") ? `  ${word}` : word);
  }
  return lines;
}

const WITH_INTERVALS =
  "Each number is edgegate's speed divided by the other's, with the 95 % interval over the rounds. edgegate is called ahead or behind only if the interval does not contain 1:";
export const WITHOUT_INTERVALS =
  "Each number is edgegate's speed divided by the other's. This run was recorded without its rounds, so the ratios have no interval, and the run can't say which differences are real:";
