// The bundle of an application must contain only those parts of the package that the application
// imports.
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import { build as viteBuild } from "vite";
import { makeProject } from "./package.mjs";

// Matches a bundle that contains the verifier, its keys or its wasm. No minifier changes these
// texts.
const OF_THE_VERIFIER = /wasm|isAuthorizedBy|key_set|WebAssembly/;

// Matches a bundle that contains the sign-in by redirect.
const OF_THE_REDIRECT = /code_verifier/;

async function bundle(t, source) {
  const project = await makeProject(t);
  project.write("main.js", source);
  const { outputFiles } = await build({
    entryPoints: [project.path("main.js")],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    outdir: project.path("out"),
    logLevel: "error",
  });
  return outputFiles.map(({ text }) => text).join("\n");
}

async function viteBundle(t, source) {
  const project = await makeProject(t);
  project.write("main.js", source);
  const built = await viteBuild({
    root: project.folder,
    logLevel: "error",
    build: { write: false, lib: { entry: "main.js", formats: ["es"] } },
  }).then((result) => [result].flat()[0]);
  const { output } = /** @type {import("vite").Rolldown.RolldownOutput} */ (built);
  return output.map((part) => ("code" in part ? part.code : `asset ${part.fileName}`)).join("\n");
}

// Looks for the verifier in a bundle. First removes three error codes from the text, because they
// match OF_THE_VERIFIER although they are in every bundle.
const verifierIn = (text) =>
  text
    .replace(/"?(invalid_key_set|key_set_unavailable|wasm_unavailable)"?/g, "")
    .match(OF_THE_VERIFIER)?.[0];

for (const [tool, make] of /** @type {const} */ ([
  ["esbuild", bundle],
  ["Vite", viteBundle],
])) {
  test(`${tool}: edgegate/client alone holds no wasm and nothing of the verifier`, async (t) => {
    const text = await make(
      t,
      'import { AuthClient } from "edgegate/client"; globalThis.auth = new AuthClient();',
    );
    assert.match(text, /grant_type/);
    assert.equal(verifierIn(text), undefined);
    assert.doesNotMatch(text, OF_THE_REDIRECT);
  });

  test(`${tool}: AuthClient of "edgegate" leaves the verifier out too`, async (t) => {
    const text = await make(
      t,
      'import { AuthClient } from "edgegate"; globalThis.auth = new AuthClient();',
    );
    assert.match(text, /grant_type/);
    assert.equal(verifierIn(text), undefined);
    assert.doesNotMatch(text, OF_THE_REDIRECT);
  });

  test(`${tool}: edgegate/redirect holds no wasm, and none of the requests for an account`, async (t) => {
    const text = await make(
      t,
      'import { RedirectClient } from "edgegate/redirect"; globalThis.auth = new RedirectClient({});',
    );
    assert.match(text, OF_THE_REDIRECT);
    assert.doesNotMatch(text, /WebAssembly|isAuthorizedBy|\/auth\/(login|register|email)/);
  });

  test(`${tool}: the verifier leaves AuthClient out`, async (t) => {
    const text = await make(
      t,
      'import { Verifier } from "edgegate"; globalThis.verifier = Verifier.fromJwks("", {});',
    );
    assert.match(text, /isAuthorizedByRole/);
    assert.doesNotMatch(text, /BroadcastChannel|edgegate-session|visibilitychange/);
    assert.doesNotMatch(text, /oauth-protected-resource/, "nor what guards an API");
  });
}
