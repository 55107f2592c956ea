// Tests a page on a device whose clock is wrong. The client must work, and so must a Verifier that
// uses the client's clock.
import assert from "node:assert/strict";
import { test } from "node:test";
import { importPackage } from "./package.mjs";
import { newKey, OPTIONS, setOf, USER } from "./tokens.mjs";

const DAY = 86_400_000;
const ADA = {
  ...{ id: USER, email: "ada@example.com", email_verified: true },
  ...{ first_name: "Ada", last_name: null, roles: ["editor", "user"] },
};

for (const [how, skew] of /** @type {const} */ ([
  ["ahead", DAY],
  ["behind", -DAY],
])) {
  test(`a clock that is a day ${how}: the client's own clock verifies its token`, async (t) => {
    const { AuthClient, Verifier } = await importPackage(t);
    const key = newKey("1");
    const service = Date.now();
    const seconds = Math.floor(service / 1000);
    const token = key.token({ iat: seconds, exp: seconds + 600, auth_time: seconds });
    t.mock.timers.enable({ apis: ["Date"], now: service + skew });
    const auth = new AuthClient({
      url: OPTIONS.issuer,
      fetch: async () => Response.json({ access_token: token, token_type: "Bearer", user: ADA }),
    });
    t.after(() => auth.close());
    await auth.login({ email: ADA.email, password: "x" });

    const options = { ...OPTIONS, now: auth.now };
    const byClient = await Verifier.fromJwks(setOf(key), options);
    assert.equal((await byClient.verify(await auth.accessToken())).sub, USER);
    const byDevice = await Verifier.fromJwks(setOf(key), OPTIONS);
    await assert.rejects(byDevice.verify(await auth.accessToken()), {
      code: "invalid_token",
      reason: skew > 0 ? "expired" : "iat_in_future",
    });

    // Now the device corrects its clock while the page is open.
    t.mock.timers.setTime(service + 5000);
    assert.equal((await byClient.verify(await auth.accessToken())).sub, USER);
    // According to the client's clock, the token has now expired. So it must be rejected.
    t.mock.timers.setTime(service + Math.max(skew, 0) + 700_000);
    await assert.rejects(byClient.verify(token), { reason: "expired" });
  });
}
