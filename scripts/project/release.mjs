// Checks which version the files of a release name, and reads what CHANGELOG.md says about it.
import { Advice } from "./advice.mjs";

const PACKAGES = ["edgegate", "edgegate-worker", "create-edgegate"];
const MANIFESTS = ["package.json", ...PACKAGES.map((name) => `npm/${name}/package.json`)];

/**
 * The version that a git tag releases. Throws if the tag does not have the form v1.2.3. A
 * pre-release is not allowed, because on npm it would need a dist-tag other than `latest`.
 *
 * @param {string} tag
 */
export function versionOf(tag) {
  const [, version] = /^v((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*))$/.exec(tag) ?? [];
  if (version === undefined)
    throw new Advice(`the tag is "${tag}": a tag that releases has the form v1.2.3.`);
  return version;
}

/**
 * The text of a version in a changelog, without its heading and without the definitions of links.
 * Throws if the changelog does not have exactly one complete entry of the version.
 *
 * @param {string} changelog
 * @param {string} version
 */
export function entryOf(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const found = sections.filter((section) => section.startsWith(`[${version}]`));
  if (found.length !== 1)
    throw new Advice(
      `CHANGELOG.md has ${found.length} entries of ${version}: it needs one, \`## [${version}] - <date>\`.`,
    );
  const [heading, ...lines] = found[0].split("\n");
  if (!/^\[[^\]]+\] - \d{4}-\d{2}-\d{2}$/.test(heading))
    throw new Advice(
      `CHANGELOG.md has the heading "## ${heading}": write it as \`## [${version}] - <date>\`, such as 2026-11-29.`,
    );
  const text = lines
    .filter((line) => !/^\[[^\]]+\]: /.test(line))
    .join("\n")
    .trim();
  if (!/^[^#\s]/m.test(text))
    throw new Advice(`CHANGELOG.md says nothing about ${version}: add what users would notice.`);
  return `${text}\n`;
}

/**
 * Makes the relative links in a text of CHANGELOG.md absolute, so that they also work outside the
 * repository.
 *
 * @param {string} url where the files of the version can be read
 * @param {string} markdown
 */
export function withLinksTo(url, markdown) {
  return markdown.replace(/\]\((?![a-z][a-z\d+.-]*:)([^)\s]+)\)/g, (_, target) =>
    target.startsWith("#") ? `](${url}/CHANGELOG.md${target})` : `](${url}/${target})`,
  );
}

/**
 * Finds the places in the repository that name a version other than `version`, which is to be
 * released.
 *
 * @param {string} version
 * @param {string[]} files all files of the repository
 * @param {(path: string) => string} read
 */
export function otherVersions(version, files, read) {
  const json = (/** @type {string} */ path) => JSON.parse(read(path));
  /** @type {[string, string | undefined][]} */
  const found = [
    ["Cargo.toml", /^\[workspace\.package\]\nversion = "(.+)"$/m.exec(read("Cargo.toml"))?.[1]],
    ...localCrates(read("Cargo.lock")),
    ...[...MANIFESTS, "package-lock.json"].map((path) => pair(path, json(path).version)),
    ...["", ...PACKAGES.map((name) => `npm/${name}`)].map((path) =>
      pair(`package-lock.json, "${path}"`, json("package-lock.json").packages[path]?.version),
    ),
    [
      "template/package.json, edgegate-worker",
      json("template/package.json").dependencies["edgegate-worker"].replace(/^\^/, ""),
    ],
    ["openapi.yaml", /^ {2}version: (.+)$/m.exec(read("openapi.yaml"))?.[1]],
    ...files
      .filter((path) => /\.md$|(^|\/)package\.json$/.test(path) && path !== "CHANGELOG.md")
      .flatMap((path) => tarballsIn(path, read(path))),
  ];
  const others = found.filter(([, other]) => other !== version);
  return [...new Set(others.map(([place, other]) => `${place}: ${other ?? "none"}`))];
}

/**
 * @param {string} place
 * @param {string | undefined} version
 * @returns {[string, string | undefined]}
 */
const pair = (place, version) => [place, version];

/**
 * The crates of this workspace. In Cargo.lock, only crates from outside the workspace have a
 * `source`.
 *
 * @param {string} lock
 */
function localCrates(lock) {
  return lock
    .split("[[package]]\n")
    .slice(1)
    .filter((crate) => !/^source = /m.test(crate))
    .map((crate) => {
      const [, name, version] = /^name = "(.+)"\nversion = "(.+)"$/m.exec(crate) ?? [];
      return pair(`Cargo.lock, ${name}`, version);
    });
}

/**
 * Finds the names of tarballs of this repository's packages in the text of a file. Returns them
 * with the versions that they contain.
 *
 * @param {string} path
 * @param {string} text
 */
function tarballsIn(path, text) {
  const names = text.matchAll(/\bedgegate(?:-worker)?-(\d[\w.-]*)\.tgz/g);
  return [...names].map(([name, version]) => pair(`${path}, ${name}`, version));
}
