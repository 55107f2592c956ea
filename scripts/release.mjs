// Checks a release, or prints its notes. Run this script before you set the git tag of a release.
// The workflow `release` also runs it. The commands:
//   node scripts/release.mjs check v1.2.3     is everything ready to be released as 1.2.3?
//   node scripts/release.mjs notes v1.2.3     prints the changelog's entry of 1.2.3
// This script uses no npm package, so it can run before `npm ci`.
import { readFileSync } from "node:fs";
import { Advice, main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { entryOf, otherVersions, versionOf, withLinksTo } from "./project/release.mjs";
import { inRoot } from "./project/root.mjs";
import { output } from "./project/run.mjs";

const USAGE =
  "use it as `node scripts/release.mjs check v1.2.3` or `node scripts/release.mjs notes v1.2.3 [--links <URL>]`: checks that the version can be released, or prints its entry of CHANGELOG.md. --links is where the files of that version can be read";

await main(async () => {
  const { values, positionals } = parsed(
    { allowPositionals: true, options: { links: { type: "string" } } },
    USAGE,
  );
  const [command, tag, ...rest] = positionals;
  if (!["check", "notes"].includes(command) || tag === undefined || rest.length > 0)
    throw new Advice(`the arguments are "${positionals.join(" ")}": ${USAGE}.`);
  const version = versionOf(tag);
  const read = (/** @type {string} */ path) => readFileSync(inRoot(path), "utf8");
  if (command === "check") await requireVersion(tag, version, read);
  const entry = entryOf(read("CHANGELOG.md"), version);
  if (command === "notes")
    process.stdout.write(values.links === undefined ? entry : withLinksTo(values.links, entry));
  else console.log(`Everything has the version ${version}, and CHANGELOG.md has its entry.`);
});

/**
 * @param {string} tag
 * @param {string} version
 * @param {(path: string) => string} read
 */
async function requireVersion(tag, version, read) {
  const files = await output("git", ["ls-files"]);
  if (files === null) throw new Advice("git can't list the files: run this in a clone.");
  const others = otherVersions(version, files.split("\n"), read);
  if (others.length === 0) return;
  const lines = others.map((line) => `  ${line}\n`).join("");
  throw new Advice(
    `the tag is ${tag}, but these have another version:\n${lines}Set them to ${version}, or set the tag that they have.`,
  );
}
