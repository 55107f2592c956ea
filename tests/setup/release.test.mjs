// Tests the checks before a release: all files must name the same version, and the changelog must
// have an entry for it. Also checks that all files of the repository name the same version now.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { entryOf, otherVersions, versionOf, withLinksTo } from "../../scripts/project/release.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { output, run } from "../../scripts/project/run.mjs";
import { toolEnv } from "../../scripts/project/tools.mjs";
import { filesUnder } from "../docs/files.mjs";

const read = (path) => readFileSync(inRoot(path), "utf8");
const { version } = JSON.parse(read("package.json"));
const script = (...args) =>
  run("node", [inRoot("scripts/release.mjs"), ...args], { env: toolEnv(), capture: true });

const CHANGELOG = `# Changelog

Versions follow [Semantic Versioning](https://semver.org/spec/v2.0.0.html).

## [Unreleased]

- Later.

## [1.10.0] - 2026-12-01

### Added

- Sign-in by [passkey](docs/storage.md#d1-deleted-accounts), see [Added](#added).

### Fixed

- A fault.

## [1.1.0] - 2026-11-30

- Earlier.

## [1.0.0] - 2026-11-29

### Added

## [0.9.0]

- Without a date.

## [0.8.0] - 2026-11-01

- Once.

## [0.8.0] - 2026-11-02

- Twice.

[1.10.0]: https://example.com/compare/v1.1.0...v1.10.0
`;

test("a tag that releases has the form v1.2.3", () => {
  assert.equal(versionOf("v1.20.3"), "1.20.3");
  for (const tag of ["1.2.3", "v1.2", "v1.2.3-rc.1", "v01.2.3", "v1.2.3\n", "xv1.2.3", "v", ""])
    assert.throws(() => versionOf(tag), /has the form v1\.2\.3/, tag);
});

test("the entry of a version is all of its text, and nothing of another", () => {
  assert.equal(
    entryOf(CHANGELOG, "1.10.0"),
    "### Added\n\n- Sign-in by [passkey](docs/storage.md#d1-deleted-accounts), see [Added](#added).\n\n### Fixed\n\n- A fault.\n",
  );
  assert.equal(entryOf(CHANGELOG, "1.1.0"), "- Earlier.\n");
});

test("a version without one good entry is an error", () => {
  for (const [wanted, message] of /** @type {[string, RegExp][]} */ ([
    ["1.2.0", /has 0 entries of 1\.2\.0/],
    ["1.1", /has 0 entries/],
    ["1.0.0", /says nothing about 1\.0\.0/],
    ["0.9.0", /the heading "## \[0\.9\.0\]"/],
    ["0.8.0", /has 2 entries/],
  ]))
    assert.throws(() => entryOf(CHANGELOG, wanted), message, wanted);
});

test("links lead to the files of the version", () => {
  const url = "https://example.com/ada/edgegate/blob/v1.10.0";
  assert.equal(
    withLinksTo(url, entryOf(CHANGELOG, "1.10.0")).split("\n")[2],
    `- Sign-in by [passkey](${url}/docs/storage.md#d1-deleted-accounts), see [Added](${url}/CHANGELOG.md#added).`,
  );
  const whole = "[a](https://semver.org/) [b](mailto:ada@example.com)";
  assert.equal(withLinksTo(url, whole), whole);
});

test("everything in this repository has one version", async () => {
  const files = String(await output("git", ["ls-files"])).split("\n");
  assert.deepEqual(otherVersions(version, files, read), []);
  const others = otherVersions("99.0.0", files, read);
  for (const place of [
    ...["Cargo.toml", "Cargo.lock, edgegate", "Cargo.lock, edgegate-token", "openapi.yaml"],
    ...["package.json", 'package-lock.json, ""', 'package-lock.json, "npm/edgegate"'],
    ...["edgegate", "edgegate-worker", "create-edgegate"].map((name) => `npm/${name}/package.json`),
    "template/package.json, edgegate-worker",
    `README.md, edgegate-worker-${version}.tgz`,
  ])
    assert.ok(others.includes(`${place}: ${version}`), place);
});

test("one place with another version is found", async () => {
  const files = String(await output("git", ["ls-files"])).split("\n");
  for (const path of [
    ...["Cargo.toml", "Cargo.lock", "package.json", "package-lock.json", "openapi.yaml"],
    ...["edgegate", "edgegate-worker", "create-edgegate"].map((name) => `npm/${name}/package.json`),
    ...["template/package.json", "README.md", "docs/get-started.md"],
  ]) {
    // In Cargo.lock, change only the version of the project's own crate. Another crate could have
    // the same version by chance.
    const own = path === "Cargo.lock" ? `name = "edgegate-token"\nversion = "${version}"` : version;
    const changed = read(path).replace(own, own.replace(version, "98.7.6"));
    assert.notEqual(changed, read(path), path);
    const others = otherVersions(version, files, (name) => (name === path ? changed : read(name)));
    assert.equal(others.length, 1, `${path}: ${others}`);
    assert.ok(others[0].startsWith(path) && others[0].endsWith("98.7.6"), others[0]);
  }
});

test("the script says what is wrong, and how to use it", async () => {
  for (const [args, message] of /** @type {[string[], RegExp][]} */ ([
    [
      ["check", "v99.0.0"],
      /the tag is v99\.0\.0, but these have another version:\n {2}Cargo\.toml/,
    ],
    [["notes", "v99.0.0"], /CHANGELOG\.md has 0 entries of 99\.0\.0/],
    [["check", "v99"], /the tag is "v99"/],
    [["publish", "v1.2.3"], /the arguments are "publish v1\.2\.3": use it as/],
    [["check"], /use it as/],
    [["check", "v1.2.3", "v1.2.4"], /use it as/],
  ])) {
    const { code, stderr, stdout } = await script(...args);
    assert.equal(code, 1, args.join(" "));
    assert.match(stderr, message);
    assert.equal(stdout, "");
  }
});

test("SECURITY.md alone says where to report a vulnerability, and which versions get fixes", () => {
  const security = read("SECURITY.md");
  for (const heading of ["Reporting a vulnerability", "Supported versions"])
    assert.equal(security.split(`\n## ${heading}\n`).length, 2, heading);
  assert.match(security, /"Report a vulnerability"/);
  const others = filesUnder("").filter(
    (path) =>
      path.endsWith(".md") && path !== "SECURITY.md" && /report a vulnerability/i.test(read(path)),
  );
  for (const path of others) assert.match(read(path), /SECURITY\.md/, path);
});
