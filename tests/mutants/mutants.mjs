// The parts of `npm run mutants` (mutation testing) that neither read nor write files. They put a
// fault into a source text, find the failed tests in the output of a test run, and make the list of
// results.

/**
 * Returns the text with the fault in it. The text that is replaced must occur exactly once.
 * Otherwise it would not be clear what the fault is.
 */
export function applied({ id, file, search, replace }, text) {
  const found = text.split(search).length - 1;
  if (found !== 1)
    throw new Error(
      `${id}: ${file} has the searched text ${found} times, and it must be there once:\n${search}`,
    );
  if (search === replace) throw new Error(`${id}: the fault changes nothing`);
  return text.split(search).join(replace);
}

/**
 * Returns the names of the failed tests in the output of `cargo test` or of `node --test`, and the
 * codes of the compiler's errors.
 */
export function failuresIn(output) {
  const forms = [
    /^test (\S+)(?: - should panic)? \.\.\. FAILED$/gm,
    /^\s*not ok \d+ - (.+?)(?: # .*)?$/gm,
    /^\s*✖ (.+) \([\d.]+m?s\)$/gm,
    /^error\[(E\d+)\]/gm,
  ];
  return [...new Set(forms.flatMap((form) => [...output.matchAll(form)].map(([, name]) => name)))];
}

const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/**
 * Reads the results from the list that `readme` has made. The results are stored under the ids of
 * the faults.
 */
export function outcomesIn(text) {
  const rows = text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
  return new Map(rows.map((cells) => [cells[0], cells.at(-1)]));
}

/** Makes the list of faults with their results. This list is committed. */
export function readme(results) {
  const killed = results.filter(({ outcome }) => outcome === "killed").length;
  const rows = results.map(
    ({ id, promise, file, killers, outcome }) =>
      `| ${id} | ${cell(promise)} | \`${file}\` | ${killers.map((name) => `\`${cell(name)}\``).join(", ")} | ${outcome} |`,
  );
  return `# Faults added by hand

Each of these faults breaks one promise of the documents. \`npm run mutants\` adds each fault to a
copy of the sources, runs the narrowest test that must notice it, and fails if a fault survives. The
folder [faults](faults) has a file for each area, such as mail.

\`npm run mutants -- --record\` writes this file: ${results.length} faults, ${killed} killed.

| fault | promise | changed file | noticed by | result |
|---|---|---|---|---|
${rows.join("\n")}
`;
}
