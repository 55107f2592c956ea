// Installs the programs that tests/clients runs: OAuth and OpenID Connect clients by other people,
// programs that generate clients, and JWT libraries. Only tests/clients needs these programs.
import { existsSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { hashOf } from "../project/hash.mjs";
import { inRoot } from "../project/root.mjs";
import { run } from "../project/run.mjs";
import { clearStamp, setStamp, stampIs } from "../project/stamp.mjs";
import { pythonEnvironment } from "./python.mjs";

const FOLDER = "tests/clients";
const STAMP = `${FOLDER}/node_modules/.edgegate-stamp`;

const wanted = () => hashOf([`${FOLDER}/package-lock.json`]);

/** The packages of tests/clients/package-lock.json. */
export const packages = {
  title: "other people's clients from npm",
  isCurrent: () => existsSync(inRoot(FOLDER, "node_modules")) && stampIs(STAMP, wanted()),
  async install() {
    clearStamp(STAMP);
    const { code } = await run(
      "npm",
      ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"],
      { cwd: inRoot(FOLDER) },
    );
    if (code !== 0)
      throw new Advice(
        `\`npm ci\` in ${FOLDER} failed, see above: it needs the npm registry; try again when that can be reached.`,
      );
    setStamp(STAMP, wanted());
  },
};

/** The packages of tests/clients/requirements.txt. */
export const python = pythonEnvironment({
  name: "clients",
  title: "other people's clients from PyPI",
  requirements: "tests/clients/requirements.txt",
});
