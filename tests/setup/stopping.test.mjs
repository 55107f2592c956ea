// When `npm start` ends, for whatever reason, it leaves no process behind, and its port is free
// again.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../../scripts/project/root.mjs";

const READY = /edgegate is ready/;
const BEGUN = /▸/;

const ways = [
  { who: "npm", signal: "SIGTERM", when: READY },
  { who: "npm", signal: "SIGINT", when: READY },
  { who: "npm", signal: "SIGKILL", when: READY },
  { who: "the script", signal: "SIGHUP", when: READY },
  { who: "the script", signal: "SIGKILL", when: READY },
  { who: "npm", signal: "SIGTERM", when: BEGUN },
];

// The tests find processes by a mark in their environment. Every child process inherits this mark.
describe("npm start leaves nothing behind", {
  concurrency: 2,
  skip: !existsSync("/proc/self/environ"),
}, () => {
  for (const { who, signal, when } of ways) {
    test(`${signal} to ${who}, ${when === READY ? "ready" : "still starting"}`, {
      timeout: 120_000,
    }, async () => {
      const started = await startNpm(when);
      try {
        assert.ok(marked(started.mark).length > 0);
        process.kill(who === "npm" ? Number(started.npm.pid) : scriptOf(started.mark), signal);
        await gone(started);
        assert.equal(await accepts(started.port), false, "the port is still taken");
      } finally {
        for (const { pid } of marked(started.mark)) process.kill(pid, "SIGKILL");
        rmSync(started.state, { recursive: true, force: true });
      }
    });
  }

  test("a taken port is refused, and says how to choose another", { timeout: 60_000 }, async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.on("listening", resolve));
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    const npm = spawn("npm", ["start"], { cwd: root, env: { ...process.env, PORT: `${port}` } });
    const text = await new Promise((resolve) => {
      let all = "";
      npm.stderr.on("data", (chunk) => (all += chunk));
      npm.on("close", () => resolve(all));
    });
    server.close();
    assert.equal(npm.exitCode, 1);
    assert.match(text, new RegExp(`port ${port} is taken.*PORT=`));
  });
});

/** Starts `npm start` with a storage and a port of its own, and waits for a line of its output. */
async function startNpm(when) {
  const mark = `EDGEGATE_TEST=${randomUUID()}`;
  const state = mkdtempSync(join(tmpdir(), "edgegate-stopping-"));
  const port = await freePort();
  const [name, value] = mark.split("=");
  const npm = spawn("npm", ["start", "--", "--persist-to", state], {
    cwd: root,
    env: { ...process.env, PORT: `${port}`, [name]: value },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  await new Promise((resolve, reject) => {
    const read = (chunk) => {
      text += chunk;
      if (when.test(text)) resolve(undefined);
    };
    npm.stdout.on("data", read);
    npm.stderr.on("data", read);
    npm.on("exit", () => reject(new Error(`npm start ended early:\n${text}`)));
  });
  return { mark, state, port, npm };
}

async function gone({ mark }) {
  for (const begun = Date.now(); Date.now() - begun < 60_000; await sleep(50)) {
    if (marked(mark).length === 0) return;
  }
  assert.deepEqual(marked(mark), [], "processes are left");
}

/**
 * Returns the running processes that have the mark. Zombies (processes that have ended and wait for
 * their parent) are not among them, because they have no environment.
 */
function marked(mark) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)) return [];
        return [
          {
            pid: Number(pid),
            command: readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " "),
          },
        ];
      } catch {
        return []; // The process has ended since its id was read.
      }
    });
}

const scriptOf = (mark) =>
  marked(mark).find(({ command }) => /^\S*node scripts\/start\.mjs/.test(command))?.pid ??
  assert.fail("no npm start");

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const accepts = (port) =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
