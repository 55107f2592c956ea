// A reporter for `node --test`. For each test that has ended, it writes one line of JSON with the
// test's file, name, outcome and duration. If the test has failed, the line also contains the error
// and the names of the suites around the test.
import { relative } from "node:path";
import { root } from "../../scripts/project/root.mjs";
import { errorText } from "../../scripts/testing/failures.mjs";

const MOST_STDERR = 3000;

export default async function* reporter(events) {
  // The names of the test that is being reported and of the suites around it. The outermost suite
  // is first, and the test itself is last.
  const names = [];
  // For each test file, the last part of the text that its process wrote to stderr. If the process
  // crashes, this text is the only error message.
  const stderr = new Map();
  for await (const { type, data } of events) {
    if (type === "test:start") {
      names.length = data.nesting;
      names.push(data.name);
    }
    if (type === "test:stderr")
      stderr.set(data.file, `${stderr.get(data.file) ?? ""}${data.message}`.slice(-MOST_STDERR));
    if (type !== "test:pass" && type !== "test:fail") continue;
    const skipped =
      (data.skip !== undefined && data.skip !== false) ||
      (data.todo !== undefined && data.todo !== false);
    const outcome = skipped ? "skipped" : type === "test:pass" ? "passed" : "failed";
    const line = {
      file: relative(root, data.file ?? ""),
      name: data.name,
      outcome,
      ms: Math.round(data.details.duration_ms),
    };
    if (outcome === "failed") {
      line.within = names.slice(0, data.nesting);
      line.error = errorText(data.details.error, stderr.get(data.file));
    }
    yield `${JSON.stringify(line)}\n`;
  }
}
