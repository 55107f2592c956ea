// `npm run reset` deletes the local data. If a process is using the data, it deletes nothing.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { byLsof, clear, usersOf } from "../../scripts/project/local-data.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { node } from "../../scripts/project/tools.mjs";
import { lsof } from "../../scripts/setup/lsof.mjs";

/**
 * Makes a copy of the scripts. The copy also has local data, and files that must not be deleted.
 */
function projectWithData(t) {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-reset-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ["scripts", "npm/edgegate-worker/cli"])
    cpSync(inRoot(part), join(folder, part), { recursive: true });
  symlinkSync(inRoot("node_modules"), join(folder, "node_modules"));
  const data = join(folder, ".wrangler/state/v3/d1");
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, "db.sqlite"), "accounts");
  writeFileSync(join(folder, ".dev.vars"), "DEV=1");
  writeFileSync(join(folder, "wrangler.toml"), "");
  return {
    folder,
    state: join(folder, ".wrangler/state"),
    reset: (...args) =>
      run(node(), [join(folder, "scripts/reset.mjs"), ...args], { cwd: folder, capture: true }),
  };
}

/** Starts a process that marks the folder as in use. `npm start` does the same. */
async function holder(t, state) {
  const module = pathToFileURL(inRoot("scripts/project/local-data.mjs"));
  const source = `import { hold } from "${module}";
    hold(${JSON.stringify(state)}); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(node(), ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill());
  await once(child.stdout, "data");
  return child;
}

test("it says what it deletes, and keeps secrets and settings", async (t) => {
  const { folder, state, reset } = projectWithData(t);
  const { code, stdout } = await reset();
  assert.equal(code, 0);
  assert.match(stdout, /^This deletes \.wrangler\/state: all accounts/);
  assert.match(stdout, /Kept: \.dev\.vars/);
  assert.deepEqual(readdirSync(join(folder, ".wrangler")), []);
  assert.equal(existsSync(state), false);
  assert.equal(readFileSync(join(folder, ".dev.vars"), "utf8"), "DEV=1");
  assert.ok(existsSync(join(folder, "wrangler.toml")));

  const again = await reset();
  assert.deepEqual([again.code, /There is no local data/.test(again.stdout)], [0, true]);
});

test("it deletes nothing while a server uses the data", async (t) => {
  const { state, reset } = projectWithData(t);
  const child = await holder(t, state);
  const { code, stderr } = await reset();
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`\\.wrangler/state is in use by .*process ${child.pid}`));
  assert.match(stderr, /Ctrl-C/);
  assert.equal(readFileSync(join(state, "v3/d1/db.sqlite"), "utf8"), "accounts");

  const ended = once(child, "exit");
  child.kill();
  await ended;
  assert.equal((await reset()).code, 0);
});

test("a server that starts in that moment keeps its data", async (t) => {
  const { state } = projectWithData(t);
  const seen = [];
  const users = async (folder) => {
    seen.push(folder);
    return seen.length === 1 ? [] : [{ pid: "1", command: "workerd" }];
  };
  await assert.rejects(clear(state, "the data", users), /the data is in use by workerd/);
  assert.equal(seen.length, 2);
  assert.equal(readFileSync(join(state, "v3/d1/db.sqlite"), "utf8"), "accounts");
});

test("--help deletes nothing, and neither does an unknown argument", async (t) => {
  const { state, reset } = projectWithData(t);
  for (const help of ["--help", "-h"]) {
    const { code, stdout } = await reset(help);
    assert.deepEqual([code, /^Usage: npm run reset/.test(stdout)], [0, true]);
  }
  for (const args of [["--remote"], ["everything"], ["--env", "production"]]) {
    const { code, stderr } = await reset(...args);
    assert.deepEqual([code, /use it as `npm run reset`/.test(stderr)], [1, true], args.join(" "));
  }
  assert.ok(existsSync(state));
});

test("lsof, which macOS has, finds the same processes as /proc", async (t) => {
  await lsof();
  const { state } = projectWithData(t);
  assert.deepEqual(await byLsof(state), []);
  const { pid } = await holder(t, state);
  assert.deepEqual(await byLsof(state), [`${pid}`]);
  assert.deepEqual(
    (await usersOf(state)).map((user) => user.pid),
    [`${pid}`],
  );
});
