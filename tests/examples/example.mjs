// Makes a copy of an example in the form in which a user has it: in a separate folder, with the
// packed package and the other dependencies of the example in node_modules.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";

/**
 * Installs an example in a new folder, and returns the folder. The folder is deleted when the test
 * ends.
 */
export async function installExample(t, name) {
  const folder = mkdtempSync(join(tmpdir(), `edgegate-${name}-`));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(inRoot("examples", name), folder, { recursive: true });
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  for (const dependency of Object.keys({ ...dependencies, ...devDependencies })) {
    const place = join(folder, "node_modules", dependency);
    mkdirSync(dirname(place), { recursive: true });
    if (dependency !== "edgegate") symlinkSync(inRoot("node_modules", dependency), place);
  }
  if (!dependencies.edgegate) return folder;
  const place = join(folder, "node_modules/edgegate");
  mkdirSync(place, { recursive: true });
  const tarball = join(inRoot("examples", name), dependencies.edgegate.slice("file:".length));
  const { code } = await run("tar", ["-xzf", tarball, "-C", place, "--strip-components=1"]);
  if (code !== 0) throw new Error(`${name}: its package can't be unpacked`);
  return folder;
}
