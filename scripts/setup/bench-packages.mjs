// Installs bench/node_modules from bench/package-lock.json. It contains other people's packages,
// with which `npm run bench` compares edgegate. Only the programs in bench/ need them.
import { existsSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { hashOf } from "../project/hash.mjs";
import { inRoot } from "../project/root.mjs";
import { run } from "../project/run.mjs";
import { clearStamp, setStamp, stampIs } from "../project/stamp.mjs";

export const title = "the packages that edgegate is measured beside";

const STAMP = "bench/node_modules/.edgegate-stamp";

const wanted = () => hashOf(["bench/package-lock.json"]);

export const isCurrent = () => existsSync(inRoot("bench/node_modules")) && stampIs(STAMP, wanted());

export async function install() {
  clearStamp(STAMP);
  const { code } = await run(
    "npm",
    ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"],
    { cwd: inRoot("bench") },
  );
  if (code !== 0)
    throw new Advice(
      "`npm ci` in bench failed, see above: it needs the npm registry; try again when that can be reached.",
    );
  setStamp(STAMP, wanted());
}
