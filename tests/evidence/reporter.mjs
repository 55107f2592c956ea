// A reporter for `node --test`: a line of JSON for each test that ended, with its file, its name and what became of it.
import { relative } from "node:path";
import { root } from "../../scripts/project/root.mjs";

export default async function* reporter(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const skipped =
      (data.skip !== undefined && data.skip !== false) ||
      (data.todo !== undefined && data.todo !== false);
    const outcome = skipped ? "skipped" : type === "test:pass" ? "passed" : "failed";
    yield `${JSON.stringify({ file: relative(root, data.file ?? ""), name: data.name, outcome })}\n`;
  }
}
