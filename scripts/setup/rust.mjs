// Rust itself: the one thing that is not installed for you, because everybody keeps it in their own way.
import { readFileSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { inRoot } from "../project/root.mjs";
import { output } from "../project/run.mjs";

export const title = "Rust";

export async function isCurrent() {
  const wanted = readFileSync(inRoot("Cargo.toml"), "utf8").match(/^rust-version = "(\d+)\.(\d+)/m);
  const found = (await output("rustc", ["--version"]))?.match(/(\d+)\.(\d+)/);
  if (!found || (await output("cargo", ["--version"])) === null) {
    throw new Advice(
      "Rust was not found: install it from https://rustup.rs, open a new terminal and try again.",
    );
  }
  const older = (found[1] - wanted[1] || found[2] - wanted[2]) < 0;
  if (older) {
    throw new Advice(
      `Rust ${found[0]} is too old, ${wanted[1]}.${wanted[2]} is needed: run \`rustup update stable\`.`,
    );
  }
  return true;
}
