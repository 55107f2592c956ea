// Builds the npm package: compiles its wasm into npm/edgegate/wasm, packs
// dist/edgegate-<version>.tgz, and copies the scripts that the service's pages use into
// www/edgegate.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Advice, main } from "./project/advice.mjs";
import { hashOf } from "./project/hash.mjs";
import { withLock } from "./project/lock.mjs";
import { builtWith, LICENCES, pack as packFolder } from "./project/pack.mjs";
import { kilobytes, packageSizes, packageTarball } from "./project/package-size.mjs";
import { originUrl, repositoryFields } from "./project/repository.mjs";
import { inRoot } from "./project/root.mjs";
import { output, run } from "./project/run.mjs";
import { snip } from "./project/snip.mjs";
import { clearStamp, setStamp, stampIs } from "./project/stamp.mjs";
import { lockedCrate, toolEnv, wasmBindgen, wasmOpt } from "./project/tools.mjs";
import { wasmFlags } from "./project/wasm-flags.mjs";
import { setUp } from "./setup/index.mjs";

const WASM_STAMP = "dist/wasm.stamp";
const WASM_INPUTS = [
  "Cargo.toml",
  "Cargo.lock",
  ".cargo/config.toml",
  "crates",
  "package-lock.json",
  "scripts/build-package.mjs",
  "scripts/project/snip.mjs",
  "scripts/project/wasm-flags.mjs",
];
const WASM_NAMES = ["edgegate.js", "edgegate_bg.wasm", "inline.js"];
const WASM_OUTPUTS = WASM_NAMES.map((name) => `npm/edgegate/wasm/${name}`);
const BUILT = "target/wasm32-unknown-unknown/browser/edgegate_browser.wasm";

// The wasm features that rustc uses. Every browser since 2022 supports them. With its option
// `--all-features`, wasm-opt could produce code that needs newer browsers.
const FEATURES = [
  "bulk-memory",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
].map((name) => `--enable-${name}`);

const PACKAGE_STAMP = "dist/package.stamp";
const STAGE = "dist/package";
const PAGES = "www/edgegate";
const NOT_FOR_COMMON_JS = ["edge-light.js", "web.js", "workerd.js"];
const NOT_FOR_PAGES = [
  "edge-light.js",
  "inline.js",
  "inline-source.js",
  "node.js",
  "workerd.js",
  "wasm/inline.js",
];

await main(async () => {
  await setUp();
  await withLock("package", build, () => console.log("▸ npm package: waiting for another build"));
});

async function build() {
  const begun = performance.now();
  const wasmIsNew = await buildWasm();
  const packageIsNew = await pack();
  const how =
    wasmIsNew || packageIsNew
      ? `built in ${((performance.now() - begun) / 1000).toFixed(0)} s`
      : "unchanged";
  const { wasm, js } = await packageSizes();
  console.log(
    `▸ npm package: ${how}, ${kilobytes(wasm)} of wasm and ${kilobytes(js)} of scripts, gzipped`,
  );
}

async function buildWasm() {
  const inputs = hashOf(WASM_INPUTS, [await output("rustc", ["-vV"]), lockedCrate("wasm-bindgen")]);
  if (stampIs(WASM_STAMP, inputs) && WASM_OUTPUTS.every((path) => existsSync(inRoot(path))))
    return false;
  console.log("▸ npm package: building the wasm");
  clearStamp(WASM_STAMP);
  const work = inRoot("dist/wasm");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const cargo = [
    "build",
    "--package",
    "edgegate-browser",
    "--profile",
    "browser",
    "--target",
    "wasm32-unknown-unknown",
  ];
  await must("cargo", cargo, "the wasm of the npm package does not build", wasmFlags());
  const snipped = join(work, "edgegate_browser.wasm");
  writeFileSync(snipped, await snip(readFileSync(inRoot(BUILT))));
  const bindgen = [
    "--target",
    "web",
    "--no-typescript",
    "--omit-default-module-path",
    "--out-dir",
    work,
    "--out-name",
    "edgegate",
    snipped,
  ];
  await must(wasmBindgen, bindgen, "wasm-bindgen can't make the bindings of the npm package");
  await optimise(work);
  await bundleGlue(work);
  mkdirSync(inRoot("npm/edgegate/wasm"), { recursive: true });
  writeInline(join(work, "out"));
  for (const name of WASM_NAMES)
    renameSync(join(work, "out", name), inRoot("npm/edgegate/wasm", name));
  rmSync(work, { recursive: true });
  setStamp(WASM_STAMP, inputs);
  return true;
}

// Optimises the wasm with wasm-opt. LLVM has already inlined enough functions, so with these
// options wasm-opt inlines only very small functions (as in worker-module.mjs). The functions are
// sorted by name, so that similar functions are next to each other.
/** @param {string} work the folder of the wasm */
async function optimise(work) {
  mkdirSync(join(work, "out"));
  const inlining = [
    "--one-caller-inline-max-function-size=0",
    "--always-inline-max-function-size=3",
  ];
  const sections = ["--strip-debug", "--strip-producers", "--strip-target-features"];
  const options = [...FEATURES, ...inlining, "-Os", "--reorder-functions-by-name", ...sections];
  const [from, to] = [join(work, "edgegate_bg.wasm"), join(work, "out/edgegate_bg.wasm")];
  await must(
    wasmOpt,
    [...options, from, "-o", to],
    "wasm-opt can't optimise the wasm of the npm package",
  );
}

// Bundles wasm-bindgen's JavaScript without its comments and its loader (npm/edgegate/wasm.js loads
// the wasm). wasm-bindgen's code stores the state of a wasm instance in variables of its module, so
// one module can serve only one instance. Here the code is wrapped in a function, `glueFor`.
// npm/edgegate/instance.js calls it for each new instance.
/** @param {string} work the folder of the wasm */
async function bundleGlue(work) {
  const { build } = await import("esbuild");
  await build({
    stdin: {
      contents: 'export { canonicalEmail, initSync, peek, Verifier } from "./edgegate.js";',
      resolveDir: work,
    },
    bundle: true,
    format: "iife",
    globalName: "glue",
    minify: true,
    // The oldest browsers that must run this file. The lint that finds code for newer browsers does
    // not check this file.
    target: ["es2022", "chrome109", "firefox115", "safari16"],
    outfile: join(work, "out/edgegate.js"),
    banner: {
      js: "// Made by wasm-bindgen from crates/browser; started by ../instance.js.\nexport function glueFor(WebAssembly, TextDecoder, TextEncoder) {",
    },
    footer: { js: "return glue;\n}" },
    logLevel: "warning",
  });
}

/**
 * Writes a JavaScript module that contains the wasm as text. It is for bundlers and runtimes that
 * can't load a separate wasm file.
 *
 * @param {string} folder
 */
function writeInline(folder) {
  const base64 = readFileSync(join(folder, "edgegate_bg.wasm")).toString("base64");
  const comment = "// edgegate_bg.wasm in base64, made by the build.";
  writeFileSync(join(folder, "inline.js"), `${comment}\nexport default "${base64}";\n`);
}

async function pack() {
  const repository = repositoryFields(await originUrl(), "npm/edgegate");
  const inputs = hashOf(
    ["npm/edgegate", ...LICENCES, "scripts/build-package.mjs", "scripts/project/pack.mjs"],
    [JSON.stringify(repository)],
  );
  if (
    stampIs(PACKAGE_STAMP, inputs) &&
    existsSync(packageTarball()) &&
    existsSync(inRoot(PAGES, "wasm/edgegate_bg.wasm"))
  )
    return false;
  clearStamp(PACKAGE_STAMP);
  rmSync(inRoot(STAGE), { recursive: true, force: true });
  cpSync(inRoot("npm/edgegate"), inRoot(STAGE), { recursive: true });
  for (const name of LICENCES) cpSync(inRoot(name), inRoot(STAGE, name));
  const manifest = inRoot(STAGE, "package.json");
  const { name, version, description, ...rest } = JSON.parse(readFileSync(manifest, "utf8"));
  const named = { name, version, description, ...repository, ...rest };
  writeFileSync(manifest, `${JSON.stringify(named, null, 2)}\n`);
  await writeCommonJs();
  writeFileSync(inRoot(STAGE, "build.json"), `${JSON.stringify(await builtWith(), null, 2)}\n`);
  await packFolder("edgegate", STAGE);
  publish();
  setStamp(PACKAGE_STAMP, inputs);
  return true;
}

/**
 * Writes a copy of the package as CommonJS, for programs that can't `require` ES modules: Jest,
 * Node before 20.19, and Node 22 before 22.12. The modules are not bundled, so all entry points
 * share the same classes.
 */
async function writeCommonJs() {
  const { transform } = await import("esbuild");
  const to = (/** @type {string[]} */ ...names) => inRoot(STAGE, "cjs", ...names);
  mkdirSync(to(), { recursive: true });
  writeFileSync(to("package.json"), '{ "type": "commonjs" }\n');
  for (const name of filesOf(inRoot("npm/edgegate"))) {
    const isScript = name.endsWith(".js") && !NOT_FOR_COMMON_JS.includes(name);
    const isType = name.startsWith("types/");
    if (!isScript && !isType) continue;
    const text = readFileSync(inRoot("npm/edgegate", name), "utf8");
    const options = /** @type {const} */ ({
      format: "cjs",
      target: "es2022",
      supported: { "dynamic-import": false },
    });
    mkdirSync(join(to(name), ".."), { recursive: true });
    writeFileSync(to(name), isScript ? (await transform(text, options)).code : text);
  }
}

// Copies the package's scripts and its wasm for the service's pages, without the files that only
// other platforms need. Each file is replaced by a rename, so a server that is running never sees a
// missing or half-written file.
function publish() {
  const wanted = filesOf(inRoot("npm/edgegate")).filter(
    (path) => /\.(js|wasm)$/.test(path) && !NOT_FOR_PAGES.includes(path),
  );
  for (const path of wanted) {
    const to = inRoot(PAGES, path);
    mkdirSync(join(to, ".."), { recursive: true });
    writeFileSync(`${to}.new`, readFileSync(inRoot("npm/edgegate", path)));
    renameSync(`${to}.new`, to);
  }
  for (const path of filesOf(inRoot(PAGES)))
    if (!wanted.includes(path)) rmSync(inRoot(PAGES, path));
}

/** @param {string} folder */
function filesOf(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return entries.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} problem
 * @param {NodeJS.ProcessEnv} [env]
 */
async function must(command, args, problem, env = {}) {
  const { code } = await run(command, args, { env: { ...toolEnv(), ...env } });
  if (code !== 0) throw new Advice(`${problem}, see above.`);
}
