// Lists the failed tests at the end of the output of `npm test`, because logs are often cut to
// their last lines.

// The largest number of lines that are shown for each failure. This number is enough for the diff
// of an assertion.
const MOST_LINES = 25;
// Error codes that are not shown, because they add nothing to the message.
const KNOWN = ["ERR_ASSERTION", "ERR_TEST_FAILURE"];

/** @typedef {{ file: string, name: string, error: string }} Failure a failed test */

/**
 * Describes the error of a failed test: its message, and the place in the project where it was
 * thrown. Then the message and the place of each `cause` follow. The text is empty if a suite
 * failed only because a test in it failed, because the failed test has its own entry in the list.
 * `stderr` is what the test's process printed. It is shown if the process itself failed.
 *
 * @param {any} error
 * @param {string} [stderr]
 */
export function errorText(error, stderr = "") {
  if (error?.failureType === "subtestsFailed") return "";
  if (error?.exitCode !== undefined || error?.signal)
    return `the file ended with ${error.signal ?? `exit code ${error.exitCode}`}\n${stderr}`.trimEnd();
  // Node wraps the error that a test threw.
  const thrown = error?.code === "ERR_TEST_FAILURE" ? (error.cause ?? error) : error;
  const parts = [];
  const seen = new Set();
  for (let at = thrown; at !== undefined && at !== null && !seen.has(at); at = at.cause) {
    seen.add(at);
    parts.push(oneError(at));
  }
  return parts.join("\ncaused by: ");
}

/** @param {any} error */
function oneError(error) {
  if (typeof error !== "object") return String(error);
  const message = (error.message ?? JSON.stringify(error)).trimEnd();
  const place = /\n\s+at .*?((?:scripts|tests|bench|npm|www|src)\/[^\s)]+:\d+:\d+)/.exec(
    error.stack ?? "",
  );
  const code =
    error.code && !KNOWN.includes(error.code) && !message.includes(error.code)
      ? ` (${error.code})`
      : "";
  return `${message}${code}${place ? `\nat ${place[1]}` : ""}`;
}

/**
 * The failed tests in a report of tests/evidence/reporter.mjs.
 *
 * @param {string} report
 * @returns {Failure[]}
 */
export function failedIn(report) {
  return report
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter(({ outcome, error }) => outcome === "failed" && error !== "")
    .map(({ file, name, within = [], error }) => ({
      file,
      name: [...within, name].join(" > "),
      error,
    }));
}

/**
 * The failed tests in the output of one of cargo's test programs. `file` is the program's source
 * file.
 *
 * @param {string} file
 * @param {string} text
 */
export function failedInRust(file, text) {
  /** @type {Failure[]} */
  const failures = [];
  for (const [, name, output] of text.matchAll(
    /^---- (\S+)(?: - should panic)? stdout ----\n([\s\S]*?)(?=^---- \S+(?: - should panic)? stdout ----$|^failures:$|$(?![\s\S]))/gm,
  )) {
    const error = output
      .split("\n")
      .filter((line) => line.trim() !== "" && !/^note: run with `RUST_BACKTRACE/.test(line))
      .join("\n");
    failures.push({ file, name, error });
  }
  return failures;
}

/**
 * The lines that are printed for failed tests.
 *
 * @param {Failure[]} failures
 */
export function failureLines(failures) {
  return failures.flatMap(({ file, name, error }) => {
    const lines = error.split("\n");
    const shown = lines.slice(0, MOST_LINES);
    if (lines.length > shown.length)
      shown.push(`… ${lines.length - shown.length} more lines above`);
    return ["", `✖ ${file}: ${name}`, ...shown.map((line) => `    ${line}`)];
  });
}
