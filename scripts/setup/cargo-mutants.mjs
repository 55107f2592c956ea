// Compiles cargo-mutants into .tools/. Only `npm run mutants:cargo` needs it.
import { existsSync, rmSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { inRoot } from "../project/root.mjs";
import { run } from "../project/run.mjs";
import { clearStamp, setStamp, stampIs } from "../project/stamp.mjs";

export const title = "cargo-mutants (compiled once, a few minutes)";

/**
 * The version is fixed. Another version would make other changes to the code, and the results in
 * tests/mutants/cargo.md would no longer match.
 */
const VERSION = "27.1.0";
const STAMP = ".tools/cargo-mutants.version";

/** The path of the program. Its first argument must be `mutants`. */
export const cargoMutants = inRoot(".tools/bin/cargo-mutants");

export const isCurrent = () => existsSync(cargoMutants) && stampIs(STAMP, VERSION);

export async function install() {
  const target = inRoot(".tools/target");
  clearStamp(STAMP);
  const { code } = await run(
    "cargo",
    [
      ...["install", "--locked", "--debug", "--force", "--root", inRoot(".tools")],
      ...["--version", `=${VERSION}`, "cargo-mutants"],
    ],
    { env: { CARGO_TARGET_DIR: target, CARGO_PROFILE_DEV_DEBUG: "0" } },
  );
  if (code !== 0)
    throw new Advice(
      `installing cargo-mutants ${VERSION} failed, see above: it needs crates.io and a C linker; try again when they are there.`,
    );
  setStamp(STAMP, VERSION);
  rmSync(target, { recursive: true, force: true });
}
