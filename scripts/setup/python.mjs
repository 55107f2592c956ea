// Makes the Python environments (venv) that tests need. pip installs into an environment only files
// whose hashes are in its requirements.txt.
import { existsSync, rmSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { hashOf } from "../project/hash.mjs";
import { inRoot } from "../project/root.mjs";
import { output, run } from "../project/run.mjs";
import { clearStamp, setStamp, stampIs } from "../project/stamp.mjs";
import { program } from "./debian.mjs";

// On some systems, such as Debian, Python lacks modules that are needed to make an environment. So
// this Python program checks that these modules exist, and that the version is new enough.
const SUITS = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [process.env.PYTHON, "python3", "/usr/bin/python3"],
  debianPackage: "python3-venv",
  advice:
    "no Python was found for the tests that need it: install `python3-venv` (3.11 or newer), or set PYTHON to its path.",
  suits: async (path) => (await output(path, ["-c", SUITS])) !== null,
};

/**
 * The step of set-up that makes an environment in `.tools/`.
 *
 * @param {{ name: string, title: string, requirements: string }} environment
 */
export function pythonEnvironment({ name, title, requirements }) {
  const folder = `.tools/${name}`;
  const stamp = `${folder}.stamp`;
  const python = inRoot(folder, "bin/python");
  // The path of the project is a part of the hash, because a Python environment contains its own
  // path and can't be moved.
  const wanted = () => hashOf([requirements], [inRoot()]);
  const install = async () => {
    const outer = await program(need);
    clearStamp(stamp);
    rmSync(inRoot(folder), { recursive: true, force: true });
    /** @type {[string, string[]][]} */
    const steps = [
      [outer, ["-m", "venv", inRoot(folder)]],
      // pip installs exactly the packages and versions that the file lists, even if newer versions
      // exist. With `--no-deps` it installs no dependency that the file does not list.
      [
        python,
        [
          "-m",
          "pip",
          "install",
          "--quiet",
          "--no-input",
          "--disable-pip-version-check",
          "--no-deps",
          "--require-hashes",
          "--only-binary=:all:",
          "--requirement",
          inRoot(requirements),
        ],
      ],
    ];
    for (const [command, args] of steps) {
      const { code } = await run(command, args);
      if (code !== 0)
        throw new Advice(
          `installing ${title} failed, see above: it needs PyPI; try again when that can be reached.`,
        );
    }
    setStamp(stamp, wanted());
  };
  return {
    title,
    /** @param {string} program */
    bin: (program) => inRoot(folder, "bin", program),
    isCurrent: () => existsSync(python) && stampIs(stamp, wanted()),
    install,
  };
}
