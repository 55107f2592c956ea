// The files of a deploy: the secrets of each environment, and what is left of them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  addSecrets,
  alone,
  readSecrets,
  secretsFile,
  withUpload,
} from "../../npm/edgegate-worker/cli/lib/deploy-secrets.js";

/** @param {import("node:test").TestContext} t */
function makeProject(t) {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const inProject = (/** @type {string[]} */ ...parts) => join(folder, ...parts);
  return /** @type {import("../../npm/edgegate-worker/cli/lib/project.js").Project} */ (
    /** @type {unknown} */ ({ folder, inProject })
  );
}

test("an environment named production shares no file with the top level", (t) => {
  const project = makeProject(t);
  const environments = [undefined, "production", "staging"];
  assert.equal(new Set(environments.map(secretsFile)).size, environments.length);
  addSecrets(project, undefined, { TICKET_SECRET: "top" });
  addSecrets(project, "production", { TICKET_SECRET: "own" });
  assert.deepEqual(
    environments.map((each) => readSecrets(project, each)),
    [{ TICKET_SECRET: "top" }, { TICKET_SECRET: "own" }, {}],
  );
});

test("the file of an upload is gone afterwards, also one that a killed run has left", async (t) => {
  const project = makeProject(t);
  const left = () =>
    readdirSync(project.inProject(".edgegate")).filter((name) => /upload|lock/.test(name));
  await withUpload(project, undefined, { A: "1" }, async (path) => assert.ok(existsSync(path)));
  assert.deepEqual(left(), []);
  mkdirSync(project.inProject(".edgegate"), { recursive: true });
  writeFileSync(project.inProject(".edgegate/upload.production.json"), "{}");
  await alone(project, undefined, async () => {
    assert.deepEqual(left(), ["production.lock"]);
  });
  assert.deepEqual(left(), []);
});

test("when the process ends in between, as at Ctrl-C, neither secrets nor lock are left", (t) => {
  const project = makeProject(t);
  const module = join(import.meta.dirname, "../../npm/edgegate-worker/cli/lib/deploy-secrets.js");
  const script = `
    import { alone, withUpload } from ${JSON.stringify(module)};
    import { join } from "node:path";
    const project = { inProject: (...parts) => join(${JSON.stringify(project.folder)}, ...parts) };
    await alone(project, undefined, () =>
      withUpload(project, undefined, { A: "1" }, () => process.exit(130)));`;
  const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  assert.equal(status, 130);
  assert.deepEqual(readdirSync(project.inProject(".edgegate")), [".gitignore"]);
});
