// Packs the built Worker (edgegate-worker) and the template (create-edgegate) into dist/. The
// Worker and the npm package must be built first: `npm run build` builds both and then calls this
// script.
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { main } from "./project/advice.mjs";
import { hashOf } from "./project/hash.mjs";
import { withLock } from "./project/lock.mjs";
import { builtWith, LICENCES, pack, tarballOf } from "./project/pack.mjs";
import { originUrl, repositoryFields } from "./project/repository.mjs";
import { inRoot } from "./project/root.mjs";
import { clearStamp, setStamp, stampIs } from "./project/stamp.mjs";

const TYPES = ["rpc.d.ts", "errors.d.ts", "generated.d.ts"];
// npm never packs files with these names.
const HIDDEN = [".gitignore", ".npmrc"];

/** @type {Record<string, { inputs: string[], fill: (stage: (...parts: string[]) => string) => Promise<void> }>} */
const PACKAGES = {
  "edgegate-worker": {
    inputs: [
      "build",
      "www",
      "migrations",
      "template/wrangler.jsonc",
      ...TYPES.map((name) => `npm/edgegate/types/${name}`),
    ],
    async fill(stage) {
      for (const name of ["index.js", "index_bg.wasm", "check.js"])
        cpSync(inRoot("build", name), stage("worker", name));
      for (const name of ["www", "migrations"])
        cpSync(inRoot(name), stage(name), { recursive: true });
      cpSync(inRoot("template/wrangler.jsonc"), stage("defaults/wrangler.jsonc"));
      for (const name of TYPES) cpSync(inRoot("npm/edgegate/types", name), stage("types", name));
      writeFileSync(stage("build.json"), `${JSON.stringify(await builtWith(), null, 2)}\n`);
    },
  },
  "create-edgegate": {
    inputs: ["template"],
    async fill(stage) {
      cpSync(inRoot("template"), stage("template"), {
        recursive: true,
        filter: (path) => !LEFT_OUT.test(path),
      });
      for (const name of HIDDEN)
        renameSync(stage("template", name), stage("template", name.replace(".", "_")));
    },
  },
};
// Files that are in the template's folder only because somebody has run the template there.
const LEFT_OUT = /[/\\](node_modules|\.edgegate|\.wrangler|\.dev\.vars|package-lock\.json)$/;

await main(() =>
  withLock(
    "worker-package",
    async () => {
      for (const name of Object.keys(PACKAGES)) await build(name);
    },
    () => console.log("▸ Packages: waiting for another build"),
  ),
);

/** @param {string} name */
async function build(name) {
  const { inputs, fill } = PACKAGES[name];
  const stamp = `dist/${name}.stamp`;
  const folder = `npm/${name}`;
  const stage = (/** @type {string[]} */ ...parts) => inRoot("dist", name, ...parts);
  const repository = repositoryFields(await originUrl(), folder);
  const own = ["scripts/build-worker-package.mjs", "scripts/project/pack.mjs"];
  const hash = hashOf([folder, ...inputs, ...LICENCES, ...own], [JSON.stringify(repository)]);
  if (stampIs(stamp, hash) && existsSync(tarballOf(name))) return;
  clearStamp(stamp);
  rmSync(stage(), { recursive: true, force: true });
  cpSync(inRoot(folder), stage(), {
    recursive: true,
    filter: (path) => !path.endsWith("node_modules"),
  });
  for (const licence of LICENCES) cpSync(inRoot(licence), stage(licence));
  const { description, ...rest } = JSON.parse(readFileSync(stage("package.json"), "utf8"));
  const { name: packed, version, ...others } = rest;
  const manifest = { name: packed, version, description, ...repository, ...others };
  writeFileSync(stage("package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await fill(stage);
  await pack(name, `dist/${name}`);
  setStamp(stamp, hash);
  console.log(`▸ ${name}: packed`);
}
