// Builds the modules of a Worker, index.js and index_bg.wasm. Also makes check.js, which runs the
// same wasm in Node to check a configuration. cargo compiles the wasm, and wasm-bindgen writes the
// JavaScript that calls the wasm. esbuild bundles this JavaScript with src/edge/entry.mjs. (The
// tool worker-build is not used, because it would generate the entry module itself. With that entry
// module, other Workers could call every export of the wasm as a method. It would also handle
// panics differently than this service must, see docs/decisions/0014-panics.md.)
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Advice } from "./advice.mjs";
import { inRoot } from "./root.mjs";
import { run } from "./run.mjs";
import { esbuild, toolEnv, wasmBindgen, wasmOpt } from "./tools.mjs";
import { wasmFlags } from "./wasm-flags.mjs";

const WASM = "wasm32-unknown-unknown";

/** The files and folders that the code of the Worker is in, or that it is compiled from. */
export const SOURCES = [
  "Cargo.lock",
  "Cargo.toml",
  "crates/scrypt",
  "crates/token",
  "src",
  "templates",
];
/** The files that say how the modules of a Worker are made. */
export const MADE_BY = [
  ".cargo/config.toml",
  "package-lock.json",
  "scripts/project/wasm-flags.mjs",
  "scripts/project/worker-module.mjs",
];

/**
 * Builds a package of the workspace for wasm32 and writes the Worker's modules into `folder`.
 * `entry` is the source of index.js with the Worker's entry points, and `check` is the source of
 * check.js for Node. With `optimised`, the Worker is built in the form in which it is deployed.
 * With `named`, the functions in the wasm keep their names, which profilers show.
 *
 * @param {{ folder: string, name?: string, entry?: string, check?: string, optimised?: boolean,
 *   named?: boolean }} options
 */
export async function workerModule({
  folder,
  name = "edgegate",
  entry = "src/edge/entry.mjs",
  check,
  optimised = false,
  named = false,
}) {
  const at = (/** @type {string} */ name) => inRoot(folder, name);
  rmSync(at("parts"), { recursive: true, force: true });
  mkdirSync(at("parts"), { recursive: true });

  const env = {
    // This variable makes wasm-bindgen's macros use the futures of js-sys. Their usual futures
    // would need another crate.
    WASM_BINDGEN_USE_JS_SYS: "1",
    // Every workerd supports SIMD. It makes Ed25519 a tenth faster and the Worker 4 KB smaller.
    ...wasmFlags(["-Ctarget-feature=+simd128"]),
  };
  // Build only the cdylib. If cargo also built the crate as an rlib, it would skip link-time
  // optimisation, and the wasm would be 12 KB larger.
  const crate = ["rustc", "--package", name, "--lib", "--crate-type", "cdylib", "--target", WASM];
  await mustRun("cargo", [...crate, ...(optimised ? ["--release"] : [])], env);

  const file = `${name.replaceAll("-", "_")}.wasm`;
  const wasm = inRoot("target", WASM, optimised ? "release" : "debug", file);
  // With this option, wasm-bindgen exports a function that replaces the wasm instance by a new one.
  // wasm-bindgen itself would call this function too late: after the arguments of a call were
  // copied into the old instance. So src/edge/instance.mjs calls it earlier.
  const reset = "--experimental-reset-state-function";
  const options = ["--target", "module", "--no-typescript", "--out-name", "index", reset];
  await mustRun(wasmBindgen, [wasm, "--out-dir", at("parts"), ...options]);
  const glue = guardedGlue(readFileSync(at("parts/index.js"), "utf8"));
  writeFileSync(at("parts/entries.js"), entryPoints(glue));
  writeFileSync(at("parts/index.js"), glue);
  if (optimised) await optimise(at("parts/index_bg.wasm"), named);

  const bundle = (
    /** @type {string} */ from,
    /** @type {string} */ to,
    /** @type {string[]} */ ...more
  ) =>
    mustRun(esbuild, [
      inRoot(from),
      `--alias:edgegate-wasm=${at("parts/entries.js")}`,
      "--bundle",
      "--format=esm",
      "--external:cloudflare:*",
      "--external:node:*",
      "--external:./index_bg.wasm",
      ...(optimised && !named ? ["--minify"] : []),
      "--log-level=warning",
      `--outfile=${at(to)}`,
      ...more,
    ]);
  await bundle(entry, "index.js");
  if (check) {
    writeFileSync(at("parts/index.js"), glueForNode(glue));
    await bundle(check, "check.js", "--platform=node");
  }
  renameSync(at("parts/index_bg.wasm"), at("index_bg.wasm"));
  rmSync(at("parts"), { recursive: true });
}

// The wasm features that rustc and wasm-bindgen use. wasm-opt must not use other features, because
// some runtimes don't support these yet.
const FEATURES = [
  "mutable-globals",
  "sign-ext",
  "nontrapping-float-to-int",
  "bulk-memory",
  "multivalue",
  "reference-types",
  "simd",
];

// Optimises the wasm with wasm-opt. LLVM has already inlined enough functions. More inlining would
// make the gzipped wasm 10 KB larger and not faster. (Debug sections are removed here and not by
// `strip` in Cargo.toml, which would also remove sections that wasm-bindgen reads.)
/**
 * @param {string} wasm
 * @param {boolean} named
 */
async function optimise(wasm, named) {
  const features = FEATURES.map((name) => `--enable-${name}`);
  const inlining = [
    "--one-caller-inline-max-function-size=0",
    "--always-inline-max-function-size=3",
  ];
  const names = named ? ["-g"] : ["--strip-debug"];
  const sections = ["--strip-producers", "--strip-target-features"];
  const options = [...features, ...inlining, "-Os", ...names, ...sections];
  await mustRun(wasmOpt, [...options, wasm, "-o", `${wasm}.optimised`]);
  renameSync(`${wasm}.optimised`, wasm);
}

const GUARD = JSON.stringify(inRoot("src/edge/instance.mjs"));
const STALE_CLOSURE = "throw new Error('Cannot invoke closure from previous WASM instance');";
// wasm-bindgen's JavaScript makes this call whenever the wasm awaits something. In workerd,
// `queueMicrotask` takes thirty times as long as a callback of a resolved promise, so the call is
// replaced below.
const QUEUE_MICROTASK = "queueMicrotask(arg0);";

/**
 * Returns the text of wasm-bindgen's module, changed so that it instantiates the wasm through the
 * guard in src/edge/instance.mjs. Throws if the module's text is not as expected: a new version of
 * wasm-bindgen might have changed code on which the guard relies.
 *
 * @param {string} glue
 */
export function guardedGlue(glue) {
  /** @type {[string, number][]} */
  const expected = [
    ["import source ", 1],
    // This call must occur exactly twice: in the code that runs when the module is loaded, and in
    // the function that makes a new instance. No other code may instantiate wasm.
    ["new WebAssembly.Instance(", 2],
    ["WebAssembly.", 2],
    ["wasm = wasmInstance.exports;", 2],
    ["export function __wbg_reset_state () {", 1],
    ["const real = (...args) => {", 1],
    [STALE_CLOSURE, 1],
    // When this flag is set, wasm-bindgen's own guard makes a new instance in the middle of a call.
    // Only the handler of traps sets the flag, and the module does not have that handler (see the
    // next line).
    ["__wbg_reinit_scheduled = true", 1],
    ["__wbg_handle_catch", 0],
    [QUEUE_MICROTASK, 1],
  ];
  for (const [text, times] of expected) {
    const found = glue.split(text).length - 1;
    if (found !== times) {
      const counts = `\`${text}\` is in it ${found} times, not ${times}`;
      throw new Error(`wasm-bindgen's module has changed: ${counts}.`);
    }
  }
  const guarded = glue
    .replace("import source ", "import ")
    // After a trap, a new instance of the wasm replaces the old one. Closures that the old instance
    // left behind must do nothing. Otherwise, the runtime would log an error for each promise for
    // which the old instance was waiting.
    .replace(STALE_CLOSURE, "return;")
    .replace(QUEUE_MICROTASK, "Promise.resolve().then(arg0);");
  return `import { GuardedWebAssembly as WebAssembly } from ${GUARD};\n${guarded}`;
}

/**
 * Returns the guarded module, changed so that it runs in Node, which can't import wasm in the way
 * that Workers do.
 *
 * @param {string} glue
 */
export function glueForNode(glue) {
  const found = /^import (\w+) from "\.\/index_bg\.wasm";?$/m.exec(glue);
  if (!found) throw new Error("wasm-bindgen's module has changed: it imports no index_bg.wasm.");
  const [line, name] = found;
  return glue.replace(
    line,
    'import { readFileSync } from "node:fs";\n' +
      `const ${name} = new globalThis.WebAssembly.Module(readFileSync(new URL("./index_bg.wasm", import.meta.url)));`,
  );
}

/**
 * The text of the module that src/edge imports as `edgegate-wasm`. In this module, each exported
 * function of the wasm is wrapped with `entry`.
 *
 * @param {string} glue
 */
export function entryPoints(glue) {
  const exports = glue.matchAll(/^export (?:function (\w+)|\{ \w+ as (\w+) \})/gm);
  const names = [...exports].map(([, name, alias]) => alias ?? name);
  const entries = names
    .filter((name) => !name.startsWith("__"))
    .map((name) => `export const ${name} = /* @__PURE__ */ entry(glue.${name});`);
  return [
    'import * as glue from "./index.js";',
    `import { entriesOf } from ${GUARD};`,
    "const entry = entriesOf(glue.__wbg_reset_state);",
    ...entries,
  ].join("\n");
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
async function mustRun(command, args, env = {}) {
  const { code } = await run(command, args, { env: { ...toolEnv(), ...env } });
  if (code !== 0) throw new Advice("the Worker does not build, see above.");
}
