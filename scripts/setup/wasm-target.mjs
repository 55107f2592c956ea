// Installs Rust's standard library for wasm32. It is not enough to name this target in a
// rust-toolchain file, because on some machines rustup ignores the targets that the file names.
import { existsSync, readdirSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { output, run } from "../project/run.mjs";

const TARGET = "wasm32-unknown-unknown";

export const title = `Rust's ${TARGET} target`;

export async function isCurrent() {
  const folder = await output("rustc", ["--print", "target-libdir", "--target", TARGET]);
  return (
    folder !== null &&
    existsSync(folder) &&
    readdirSync(folder).some((name) => name.startsWith("libcore"))
  );
}

export async function install() {
  if ((await output("rustup", ["--version"])) === null) {
    throw new Advice(
      `this Rust has no ${TARGET} and no rustup to add it: install that target by the package manager Rust came from, or Rust from https://rustup.rs.`,
    );
  }
  const { code } = await run("rustup", ["target", "add", TARGET]);
  if (code !== 0)
    throw new Advice(`\`rustup target add ${TARGET}\` failed: run it yourself to see why.`);
}
