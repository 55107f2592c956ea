// Tests the Worker in the form in which it is deployed, but with an empty local database.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { testSecrets } from "edgegate-worker/testing";
import { createTestHarness } from "wrangler";

// Without this line, the local runtime would ask Cloudflare for the location of this machine.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";

const ORIGIN = "http://127.0.0.1:8787";
const server = createTestHarness({
  workers: [
    {
      configPath: "wrangler.jsonc",
      // With DEV, the Worker has demo accounts. LIMITS switches off the rate limits, which tests
      // would soon reach.
      vars: { DEV: "1", ISSUER: ORIGIN, LIMITS: "off" },
      secrets: testSecrets(),
    },
  ],
});
before(async () => {
  await server.listen();
  await server.getWorker().applyD1Migrations("DB");
});
after(() => server.close());

/**
 * @param {string} path
 * @param {Parameters<typeof server.fetch>[1]} [init]
 */
const ask = (path, init) => server.fetch(new URL(path, ORIGIN), init);

test("a user signs in and passes the guard, a stranger does not", async () => {
  const stranger = await ask("/hello");
  assert.equal(stranger.status, 401);

  const login = await ask("/auth/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: "ada@example.com", password: "correct horse battery staple" }),
  });
  assert.equal(login.status, 200);
  const { access_token } = /** @type {{ access_token: string }} */ (await login.json());
  const user = await ask("/hello", { headers: { Authorization: `Bearer ${access_token}` } });
  assert.deepEqual([user.status, await user.json()], [200, { hello: "user" }]);
});

test("the pages are there", async () => {
  const page = await ask("/sign-in");
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<form/);
});
