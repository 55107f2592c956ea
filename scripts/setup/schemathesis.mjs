// schemathesis, which tests the Worker against openapi.yaml, in its own Python environment. It has
// exactly the files that tests/schemathesis/requirements.txt lists by hash.
import { existsSync, rmSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { hashOf } from "../project/hash.mjs";
import { inRoot } from "../project/root.mjs";
import { output, run } from "../project/run.mjs";
import { clearStamp, setStamp, stampIs } from "../project/stamp.mjs";
import { program } from "./debian.mjs";

export const title = "schemathesis";

/** Runs schemathesis's command line: run(schemathesis, ["run", …]). */
export const schemathesis = inRoot(".tools/schemathesis/bin/schemathesis");

const FOLDER = ".tools/schemathesis";
const STAMP = ".tools/schemathesis.stamp";
const REQUIREMENTS = "tests/schemathesis/requirements.txt";
// Debian's python3 comes without `venv`, so Python alone is not enough.
const SUITS = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [process.env.PYTHON, "python3", "/usr/bin/python3"],
  debianPackage: "python3-venv",
  advice:
    "no Python was found for the test against openapi.yaml: install `python3-venv` (3.11 or newer), or set PYTHON to its path.",
  suits: async (path) => (await output(path, ["-c", SUITS])) !== null,
};

// An environment knows its own path, and can't be moved.
const wanted = () => hashOf([REQUIREMENTS], [inRoot()]);

export const isCurrent = () => existsSync(schemathesis) && stampIs(STAMP, wanted());

export async function install() {
  const python = await program(need);
  clearStamp(STAMP);
  rmSync(inRoot(FOLDER), { recursive: true, force: true });
  /** @type {[string, string[]][]} */
  const steps = [
    [python, ["-m", "venv", inRoot(FOLDER)]],
    // The versions are those of the file, even if newer ones exist. A dependency that the file does
    // not list is an error.
    [
      inRoot(FOLDER, "bin/python"),
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
        inRoot(REQUIREMENTS),
      ],
    ],
  ];
  for (const [command, args] of steps) {
    const { code } = await run(command, args);
    if (code !== 0)
      throw new Advice(
        "installing schemathesis failed, see above: it needs PyPI; try again when that can be reached.",
      );
  }
  setStamp(STAMP, wanted());
}
