// The flags with which rustc compiles wasm, so that the same sources give the same bytes in every
// folder.
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The environment variables for a run of `cargo` that builds wasm. The wasm contains panic
 * messages, and these contain the paths of source files. In this workspace, the paths are relative.
 * The paths of other crates begin with CARGO_HOME, which differs between machines, so it is
 * replaced by a fixed text.
 *
 * @param {string[]} [flags] further flags of rustc
 */
export function wasmFlags(flags = []) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const registry = `--remap-path-prefix=${join(cargoHome, "registry/src")}=/cargo`;
  // RUSTFLAGS can't be used, because cargo splits it at spaces, and these flags can contain spaces.
  // If CARGO_ENCODED_RUSTFLAGS is set, cargo ignores RUSTFLAGS and all other sources of flags.
  // Build scripts don't get these flags, because cargo is called with `--target`.
  return { CARGO_ENCODED_RUSTFLAGS: [registry, ...flags].join("\x1f") };
}
