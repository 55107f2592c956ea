// Checks that Rust is installed. Set-up does not install Rust for you, because people manage it in
// different ways.
import { readFileSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { inRoot } from "../project/root.mjs";
import { output } from "../project/run.mjs";

export const title = "Rust";

export async function isCurrent() {
  const wanted = versionIn(
    readFileSync(inRoot("Cargo.toml"), "utf8"),
    /^rust-version = "(\d+)\.(\d+)/m,
  );
  const found = versionIn((await output("rustc", ["--version"])) ?? "", /(\d+)\.(\d+)/);
  if (!wanted) throw new Advice("Cargo.toml names no rust-version: run `git checkout Cargo.toml`.");
  if (!found || (await output("cargo", ["--version"])) === null) {
    throw new Advice(
      "Rust was not found: install it from https://rustup.rs, open a new terminal and try again.",
    );
  }
  const isOlder = (found[0] - wanted[0] || found[1] - wanted[1]) < 0;
  if (isOlder) {
    throw new Advice(
      `Rust ${found.join(".")} is too old, ${wanted.join(".")} is needed: run \`rustup update stable\`.`,
    );
  }
  return true;
}

/** Never called: if Rust is missing, `isCurrent` asks you to install it. */
export async function install() {}

/**
 * @param {string} text
 * @param {RegExp} form
 */
function versionIn(text, form) {
  const found = text.match(form);
  return found && [Number(found[1]), Number(found[2])];
}
