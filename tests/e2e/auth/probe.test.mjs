// docs/operations.md prints a probe: a script that shows when a revocation takes effect. This test
// runs the probe exactly as it is printed there.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../../scripts/project/root.mjs";
import { ADA, clientOf } from "../client.mjs";
import { startWorkers } from "../workers.mjs";

test("the probe ends when a log-out is seen, and not before", async (t) => {
  const [, section] = readFileSync(inRoot("docs/operations.md"), "utf8").split(
    "## How stale an answer can be",
  );
  const [, script] = section.split("```sh\n");
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{}]);
  t.after(stop);
  const client = clientOf(edge);
  const { access_token, refresh_token } = await client.logIn(ADA);
  const env = {
    PATH: process.env.PATH,
    AUTH: new URL("/auth", edge.url).href,
    ACCESS: access_token,
  };
  const probe = spawn("sh", ["-c", script.split("```")[0]], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => probe.kill());
  let printed = "";
  probe.stdout.setEncoding("utf8").on("data", (text) => (printed += text));
  const ended = new Promise((resolve) => probe.on("close", resolve));
  const running = await Promise.race([
    ended,
    new Promise((resolve) => setTimeout(resolve, 2500, "running")),
  ]);
  assert.equal(running, "running");
  assert.equal((await client.post("/auth/revoke", { form: { token: refresh_token } })).status, 200);
  assert.equal(await ended, 0);
  assert.match(printed, /^\d\d:\d\d:\d\d\n$/);
});
