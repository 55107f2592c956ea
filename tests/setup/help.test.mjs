// With --help, every script of package.json that is directly in scripts/ or bench/ must print its
// usage and do nothing else.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { runScript } from "./npm-start.mjs";

const { scripts } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
const own = Object.entries(scripts)
  .map(([name, command]) => [
    name,
    /^(?:exec )?node ((?:scripts|bench)\/[\w-]+\.mjs)/.exec(command)?.[1],
  ])
  .filter(([, script]) => script !== undefined);

test("every script has --help and -h", { concurrency: 2 }, async (t) => {
  assert.ok(own.length >= 15, `${own.length}`);
  await Promise.all(
    own.map(([name, script]) =>
      t.test(name, async () => {
        for (const option of ["--help", "-h"]) {
          const { code, text } = await runScript(String(script), [option]).done;
          assert.equal(code, 0, `${name} ${option}: ${text}`);
          assert.match(text, /^(Use (it as )?`|Usage: )npm /, name);
          assert.doesNotMatch(text, /▸/, "nothing was begun");
        }
      }),
    ),
  );
});

test("keys make: a running service is told to keep what it has", async () => {
  const command = "npm/edgegate-worker/cli/edgegate.js";
  const keys = await runScript(command, ["keys", "make", "--env", "staging"]).done;
  assert.match(keys.text, /secret put SIGNING_KEYS --env staging/);
  assert.match(keys.text, /secret put TICKET_SECRET --env staging/);
  assert.match(keys.text, /If this service runs already, don't replace its secrets/);
  const pepper = await runScript(command, ["keys", "make", "--pepper"]).done;
  assert.match(pepper.text, /If PEPPERS has keys already, keep all of them/);
  const idToken = await runScript(command, ["keys", "make", "--id-token"]).done;
  assert.match(idToken.text, /secret put ID_TOKEN_KEYS\n\{"keys":\[\{.*"kty":"RSA"/);
  assert.match(idToken.text, /If ID_TOKEN_KEYS has a key already/);
  const both = await runScript(command, ["keys", "make", "--id-token", "--pepper"]).done;
  assert.match(both.text, /give one of them/);
  const { text } = await runScript(command, ["keys", "make", "--json"]).done;
  const { SIGNING_KEYS, TICKET_SECRET } = JSON.parse(text);
  assert.equal(JSON.parse(SIGNING_KEYS).keys.length, 1);
  assert.match(TICKET_SECRET, /^[A-Za-z0-9_-]{43}$/);
});
