// Tests the files that `edgegate deploy` writes below .edgegate. The files with the secrets of each
// environment must stay. The files for an upload and for a lock must be deleted again.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
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

const module = join(import.meta.dirname, "../../npm/edgegate-worker/cli/lib/deploy-secrets.js");

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

test("of those that find the lock of a killed run at once, one at a time works", async (t) => {
  const [processes, rounds, roundMs] = [6, 30, 60];
  const project = makeProject(t);
  mkdirSync(project.inProject(".edgegate"), { recursive: true });
  const { pid: killed } = spawnSync(process.execPath, ["-e", ""]);
  for (let round = 0; round < rounds; round += 1)
    writeFileSync(project.inProject(`.edgegate/round${round}.lock`), `${killed} left`);
  const log = project.inProject("log");
  // In each round, all processes try to get the lock at about the same time.
  const script = `
    import { appendFileSync } from "node:fs";
    import { join } from "node:path";
    import { alone } from ${JSON.stringify(module)};
    const project = { inProject: (...parts) => join(${JSON.stringify(project.folder)}, ...parts) };
    const note = (round, what) => appendFileSync(${JSON.stringify(log)}, round + " " + what + "\\n");
    const begin = Number(process.argv[1]);
    const until = (time) => { while (Date.now() < time); };
    for (let round = 0; round < ${rounds}; round += 1) {
      until(begin + round * ${roundMs});
      await alone(project, "round" + round, async () => {
        note(round, "in");
        until(Date.now() + 10);
        note(round, "out");
      }).catch((error) => note(round, error.message));
    }`;
  const begin = Date.now() + 1500;
  const all = Array.from({ length: processes }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", script, "--", `${begin}`], {
      stdio: ["ignore", "inherit", "inherit"],
    }),
  );
  const codes = await Promise.all(all.map(async (child) => (await once(child, "close"))[0]));
  assert.deepEqual(codes, Array(processes).fill(0));
  const lines = readFileSync(log, "utf8").trim().split("\n");
  for (let round = 0; round < rounds; round += 1) {
    const own = lines
      .filter((line) => line.startsWith(`${round} `))
      .map((line) => line.slice(`${round} `.length));
    assert.equal(own.length - own.filter((line) => line === "out").length, processes, `${own}`);
    const work = own.filter((line) => line === "in" || line === "out");
    assert.ok(work.length >= 2, `nobody worked in round ${round}: ${own}`);
    assert.deepEqual(
      work,
      work.map((_, at) => (at % 2 === 0 ? "in" : "out")),
      `round ${round}`,
    );
    for (const line of own.filter((line) => line !== "in" && line !== "out"))
      assert.match(line, /another deploy of this folder is running/);
  }
  const left = readdirSync(project.inProject(".edgegate"));
  assert.deepEqual(
    left.filter((name) => name.includes("lock")),
    [],
  );
});
