// Installs the npm package as users do: unpacks the packed tarball into the node_modules of a
// project.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageTarball } from "../../scripts/project/package-size.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { node, toolEnv } from "../../scripts/project/tools.mjs";

/**
 * Returns the path of the tarball. If a source has changed, builds the tarball again, unless the
 * variable EDGEGATE_BUILT says that `npm test` has just built it.
 */
export async function tarball() {
  if (!process.env.EDGEGATE_BUILT || !existsSync(packageTarball())) {
    const { code, stdout, stderr } = await run(node(), [inRoot("scripts/build-package.mjs")], {
      env: toolEnv(),
      capture: true,
    });
    if (code !== 0) throw new Error(`the package does not build:\n${stdout}${stderr}`);
  }
  return packageTarball();
}

/** Like `tarball`, builds the tarballs of all three packages, but returns no path. */
export async function buildPackages() {
  if (process.env.EDGEGATE_BUILT) return;
  await must(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() });
}

/**
 * Creates an empty project in which the package is installed. The project is deleted when the test
 * `t` ends.
 *
 * - `path(…)`: returns a path in the project. `write(name, text)`: writes a file.
 * - `node(name, …)`: runs a file of the project in Node and returns the program's output. It throws
 *   an error if the program fails.
 */
export async function makeProject(t, packages = []) {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-package-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = (...parts) => join(folder, ...parts);
  const write = (name, text) => {
    mkdirSync(join(path(name), ".."), { recursive: true });
    writeFileSync(path(name), text);
    return path(name);
  };
  write("package.json", JSON.stringify({ name: "project", private: true, type: "module" }));
  await must("mkdir", ["-p", path("node_modules/edgegate")]);
  await must("tar", [
    "-xzf",
    await tarball(),
    "--strip-components=1",
    "-C",
    path("node_modules/edgegate"),
  ]);
  // Link the packages that the new project needs. They are in the node_modules of this repository.
  for (const name of packages) {
    mkdirSync(join(path("node_modules", name), ".."), { recursive: true });
    symlinkSync(inRoot("node_modules", name), path("node_modules", name));
  }
  return {
    folder,
    path,
    write,
    packed: (name) => readFileSync(path("node_modules/edgegate", name), "utf8"),
    node: (name, ...args) => must(node(), [path(name), ...args], { cwd: folder, env: toolEnv() }),
    run: (command, args) => run(command, args, { cwd: folder, env: toolEnv(), capture: true }),
  };
}

/** Imports the package by its name, in a new project. Returns the exports of the package. */
export async function importPackage(t) {
  const project = await makeProject(t);
  const edgegate = await import(
    pathToFileURL(project.write("import.mjs", 'export * from "edgegate";')).href
  );
  return { ...edgegate, project };
}

async function must(command, args, options = {}) {
  const { code, stdout, stderr } = await run(command, args, { ...options, capture: true });
  if (code !== 0)
    throw new Error(`${command} ${args.join(" ")} failed (${code}):\n${stdout}${stderr}`);
  return stdout;
}
