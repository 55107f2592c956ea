// edgegate runs in `npm start`, and another Worker runs in its own `wrangler dev`. wrangler
// connects the two processes. When an error crosses from one process to the other, wrangler
// transmits less of the error than within one process.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { start } from "../../../scripts/project/run.mjs";
import { wrangler } from "../../../scripts/project/tools.mjs";
import { freePort, startEdgegate } from "../../browser/edgegate.mjs";
import { ADA, PASSWORD } from "../client.mjs";
import { eventually } from "../workers.mjs";
import { callerConfig, callsOf, codeOf, MAIN } from "./calls.mjs";

const MINUTES = 60_000;

test("two `wrangler dev`: values come whole, an error as its message", {
  timeout: 5 * MINUTES,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-two-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  // Give this test its own registry of local Workers. With the shared registry, the Worker could
  // find the edgegate of another test.
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
  const port = await freePort();
  const [command, args, options] = wrangler("dev", "--port", `${port}`, "--inspector-port", "0");
  const caller = start(command, args, {
    cwd: folder,
    env: { ...options.env, ...env },
    capture: true,
  });
  t.after(() => caller.stop());
  const origin = `http://127.0.0.1:${port}`;
  const early = caller.done.then(({ stdout, stderr }) => {
    throw new Error(`wrangler dev ended early:\n${stdout}${stderr}`);
  });
  const answers = () => fetch(origin).catch(() => null);
  await Promise.race([eventually(answers, 120), early]);
  return origin;
}
