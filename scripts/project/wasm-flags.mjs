// The flags with which rustc compiles wasm, so that the same sources give the same bytes in every
// folder.
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The environment of a `cargo` that builds wasm. Panic messages contain the paths of source files.
 * The paths of the workspace are relative. The paths of other crates begin with CARGO_HOME, which
 * is replaced here.
 *
 * @param {string[]} [flags] further flags of rustc
 */
export function wasmFlags(flags = []) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const registry = `--remap-path-prefix=${join(cargoHome, "registry/src")}=/cargo`;
  // cargo splits RUSTFLAGS at spaces, which these flags may contain. If CARGO_ENCODED_RUSTFLAGS is
  // set, cargo ignores all other sources of flags. Build scripts don't get these flags, because
  // cargo is called with `--target`.
  return { CARGO_ENCODED_RUSTFLAGS: [registry, ...flags].join("\x1f") };
}
