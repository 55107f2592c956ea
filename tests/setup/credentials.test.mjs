// The command `edgegate` reads wrangler's credentials from the output of
// `wrangler auth token --json`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { credentialsIn } from "../../npm/edgegate-worker/cli/lib/cloudflare.js";

const TOKEN = "oauth-token-of-somebody";
const GIVEN = { type: "oauth", token: TOKEN };
const answer = (stdout, code = 0, stderr = "") => ({ code, stdout, stderr });

test("credentials are found whatever else wrangler prints", () => {
  const line = JSON.stringify(GIVEN);
  for (const text of [
    line,
    JSON.stringify(GIVEN, null, 2),
    `\u001b[33m▲ [WARNING]\u001b[0m unexpected {"a": 1} in {config}\n${line}\n`,
    `${line}\n🪵 Logs were written to "{home}/x.log"\n`,
  ])
    assert.deepEqual(credentialsIn(answer(text)), { Authorization: `Bearer ${TOKEN}` }, text);
  const key = { type: "api_key", key: "k", email: "a@example.com" };
  assert.deepEqual(credentialsIn(answer(JSON.stringify(key))), {
    "X-Auth-Key": "k",
    "X-Auth-Email": "a@example.com",
  });
});

test("without them the reason is told, and no token is printed", () => {
  assert.throws(() => credentialsIn(answer("", 1, "✘ You are Not logged in.")), /wrangler login/);
  assert.throws(() => credentialsIn(answer("", 1, "✘ no network")), /✘ no network/);
  for (const text of [`{"type": "oauth", "token": "${TOKEN}"`, `${TOKEN}`, '{"type": "oauth"}', ""])
    assert.throws(
      () => credentialsIn(answer(text)),
      ({ message }) => /has no credentials/.test(message) && !message.includes(TOKEN),
      text,
    );
});
