// Builds are reproducible: the same sources always give the same three packages, byte for byte. The
// test builds the packages again in another folder, with another umask and another CARGO_HOME. It
// runs only in `npm run test:wide`, because it compiles all crates again.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { tarballOf } from "../../scripts/project/pack.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { output, run } from "../../scripts/project/run.mjs";
import { isWide } from "../wide.mjs";
import { buildPackages } from "./package.mjs";

const PACKAGES = ["edgegate", "edgegate-worker", "create-edgegate"];

test("built in another folder, the packages are equal byte for byte", {
  skip: isWide ? false : "npm run test:wide",
  timeout: 1_200_000,
}, async (t) => {
  await buildPackages();
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "edgegate-other-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const clone = join(folder, "a clone");
  await copySources(clone);

  // Use the installed tools of this project. Don't link the complete folder .tools, because each
  // build writes its own locks and stamps there.
  symlinkSync(inRoot("node_modules"), join(clone, "node_modules"));
  mkdirSync(join(clone, ".tools"));
  for (const name of ["bin", "wasm-bindgen.version"])
    cpSync(inRoot(".tools", name), join(clone, ".tools", name), { recursive: true });
  const env = otherCargoHome(folder);

  const { code, stdout, stderr } = await run(
    "/bin/sh",
    ["-c", `umask 077 && exec "${process.execPath}" scripts/build.mjs`],
    {
      cwd: clone,
      env: { ...env, CARGO_NET_OFFLINE: "true", CARGO_TARGET_DIR: undefined },
      capture: true,
    },
  );
  assert.equal(code, 0, stdout + stderr);
  for (const name of PACKAGES) {
    const tarball = tarballOf(name);
    assert.equal(
      digest(join(clone, "dist", tarball.slice(dirname(tarball).length + 1))),
      digest(tarball),
      name,
    );
  }
});

/** Copies all files that would be in a commit of the current state. */
async function copySources(to) {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const names = (await output("git", args))?.split("\0").filter(Boolean) ?? [];
  assert.ok(names.length > 500, `${names.length}`);
  for (const name of names) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    copyFileSync(inRoot(name), join(to, name));
  }
  // Configure the same git remote, because the packages contain the address of the repository.
  const remote = await output("git", ["config", "--get", "remote.origin.url"]);
  await run("git", ["init", "--quiet"], { cwd: to });
  if (remote) await run("git", ["remote", "add", "origin", remote], { cwd: to });
}

/**
 * Returns the environment variables for another CARGO_HOME, which contains the crates that were
 * downloaded before.
 *
 * @param {string} folder
 */
function otherCargoHome(folder) {
  const cargoHome = join(folder, "cargo");
  mkdirSync(cargoHome);
  const ours = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  symlinkSync(join(ours, "registry"), join(cargoHome, "registry"));
  return { CARGO_HOME: cargoHome };
}

/** @param {string} path */
const digest = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
