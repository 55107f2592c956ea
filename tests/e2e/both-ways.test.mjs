// In workerd, the signatures of tokens are verified in two ways: by the cryptography of the
// platform, and by the wasm alone. Both must have the same outcome; tests/both_ways compares the
// outcomes.
//
// The Worker calls the platform in two ways: at first through WebCrypto ("with promises"), and
// later through `node:crypto` ("at once"). Both are tested. tests/both_ways_natively.rs runs the
// same comparison in a native build.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { conformanceWorker } from "../../scripts/project/conformance-worker.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { toolEnv } from "../../scripts/project/tools.mjs";
import first from "../both_ways/first.json" with { type: "json" };
import { count } from "../count.mjs";
import { isWide, wide } from "../wide.mjs";
import { TEST_SECRETS, TEST_VARS } from "./harness.mjs";

const MUTATED = wide(first.numbers, 100_000);
const A_REQUEST = 1_000;

let server;
before(async () => {
  const [configPath, { createTestHarness }] = await Promise.all([
    conformanceWorker(),
    import("wrangler"),
  ]);
  server = createTestHarness({
    root: inRoot(),
    workers: [{ configPath, vars: TEST_VARS, secrets: TEST_SECRETS }],
  });
  await server.listen();
});
after(() => server?.close());

/**
 * Returns the outcomes for the tokens that `of` names. `way` is "with promises" or "at once".
 * `platform` names a stand-in for the platform's cryptography that fails or is late. Without
 * `platform`, the real cryptography is used.
 */
async function found(way, of, platform = "") {
  const path = `/conformance/signatures?${new URLSearchParams({ of, platform, way })}`;
  const answer = await server.fetch(new URL(path, TEST_VARS.ISSUER));
  assert.equal(answer.status, 200, await answer.clone().text());
  const all = await answer.json();
  assert.deepEqual(all.differs.slice(0, 10), [], `${of} ${way}: ${all.differs.length} differ`);
  return all;
}

for (const way of ["with promises", "at once"]) {
  test(`${way}: the catalogue has the same outcome in both ways`, async () => {
    const { valid, refused, byPlatform } = await found(way, "catalogue");
    assert.ok(valid > 30 && refused > 400 && byPlatform > 100);
  });

  test(`${way}: the vectors of Wycheproof have the same outcome in both ways`, async () => {
    const { valid, refused, byPlatform } = await found(way, "wycheproof");
    assert.deepEqual([valid, refused], [261, 152]);
    assert.ok(byPlatform > 300);
  });

  test(`${way}: of two keys with the same kid, the one with the algorithm of the token verifies it`, async () => {
    const { valid, refused, byPlatform } = await found(way, "one-kid");
    // The platform is asked to verify only six of the eight signatures. The other two have a form
    // that no signature by this key can have, so they are rejected without asking the platform.
    assert.deepEqual([valid, refused, byPlatform], [4, 4, 6]);
  });

  test(`${way}: each mutated token has the outcome that it has natively`, async () => {
    const { digest } = await found(way, `0-${first.numbers}`);
    assert.equal(digest, first.digest);
  });
}

test("mutated tokens have the same outcome in both ways", async () => {
  const sum = { valid: 0, refused: 0, byPlatform: 0 };
  for (let from = 0; from < MUTATED; from += A_REQUEST) {
    // Half of the tokens are verified "at once", and the other half "with promises".
    const way = (from / A_REQUEST) % 2 === 0 ? "at once" : "with promises";
    const some = await found(way, `${from}-${Math.min(from + A_REQUEST, MUTATED)}`);
    for (const name of Object.keys(sum)) sum[name] += some[name];
  }
  assert.equal(sum.valid + sum.refused, MUTATED);
  assert.ok(sum.valid > MUTATED / 40);
  assert.ok(sum.byPlatform > MUTATED / 3);
  const line = `${MUTATED} mutated tokens in workerd, the same by both ways: ${sum.valid} valid, ${sum.refused} refused; the platform has judged ${sum.byPlatform} signatures`;
  console.log(line);
  count("mutated-tokens-workerd", line);
});

// `npm test` runs tests/both_ways_natively.rs with the other Rust tests, with fewer tokens.
if (isWide) {
  test("mutated tokens have the same outcome in both ways natively", async () => {
    const args = ["test", "--test", "both_ways_natively"];
    const { code } = await run("cargo", args, { env: toolEnv() });
    assert.equal(code, 0);
  });
}

const FAILURES = {
  "with promises": {
    throws: 0,
    rejects: 0,
    "is no boolean": 0,
    "refuses keys": 0,
    "hangs on import": 0,
    "is late": 1,
  },
  "at once": { throws: 0, "is no boolean": 0 },
};
for (const [way, platforms] of Object.entries(FAILURES)) {
  for (const [platform, judged] of Object.entries(platforms)) {
    test(`${way}: with a platform that ${platform} the outcomes stay the same`, async () => {
      const real = await found(way, "0-300");
      const some = await found(way, "0-300", platform);
      assert.deepEqual([some.digest, some.byPlatform], [real.digest, judged && real.byPlatform]);
    });
  }
}
