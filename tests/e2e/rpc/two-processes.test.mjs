// edgegate in `npm start`, and a Worker of somebody else's in a `wrangler dev` of its own. wrangler
// connects the two, and what it passes on of an error is less than within one process.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { wrangler } from "../../../scripts/project/tools.mjs";
import { startEdgegate } from "../../browser/edgegate.mjs";
import { ADA, PASSWORD } from "../client.mjs";
import { callerConfig, callsOf, codeOf, MAIN } from "./calls.mjs";

const MINUTES = 60_000;

test("two `wrangler dev`: values come whole, an error as its message", {
  timeout: 5 * MINUTES,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-two-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  // Otherwise this would find the edgegate of another test.
  const env = { WRANGLER_REGISTRY_PATH: join(folder, "registry") };
  const edge = await startEdgegate({ env });
  t.after(() => edge.stop());
  const origin = await startCaller(t, folder, env);

  for (const binding of ["AUTH", "DEFAULT"]) {
    const rpc = callsOf((init) => fetch(origin, init), binding);
    const { user, access_token } = await rpc.value("generate_token", ADA, PASSWORD);
    assert.equal(user.email, ADA);
    assert.equal(await rpc.value("is_authorized_by_user_id", access_token, user.id), true);

    const error = await rpc.refused("generate_token", ADA, "wrong");
    assert.deepEqual([error.isError, error.name, error.own.code], [true, "Error", undefined]);
    assert.equal(
      error.message,
      "EdgegateError: invalid_credentials: The email address or the password is wrong",
    );
    assert.equal(codeOf(error), "invalid_credentials");
  }
});

async function startCaller(t, folder, env) {
  copyFileSync(MAIN, join(folder, "caller.mjs"));
  writeFileSync(
    join(folder, "wrangler.json"),
    JSON.stringify({ ...callerConfig("caller"), main: "caller.mjs" }),
  );
  const [command, args, options] = wrangler("dev", "--port", "0", "--inspector-port", "0");
  const program = spawn(command, args, {
    cwd: folder,
    env: { ...options.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => program.once("exit", resolve));
  t.after(async () => {
    program.kill("SIGTERM");
    await ended;
  });
  let text = "";
  return new Promise((resolve, reject) => {
    const read = (chunk) => {
      text += chunk;
      const [, origin] = /Ready on (http\S+)/.exec(text) ?? [];
      if (origin) resolve(origin.replace("localhost", "127.0.0.1"));
    };
    program.stdout.on("data", read);
    program.stderr.on("data", read);
    program.once("exit", () => reject(new Error(`wrangler dev ended early:\n${text}`)));
  });
}
