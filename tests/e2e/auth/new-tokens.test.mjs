// Sends the Worker ten simultaneous requests with the same access token, several times. The
// first time, the Worker's isolate (its running instance) has not verified this token before.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { newKey } from "../../package/tokens.mjs";
import { ADA, clientOf } from "../client.mjs";
import { startWorkers } from "../workers.mjs";

const SHARED = { kty: "oct", k: randomBytes(32).toString("base64url"), kid: "1", alg: "HS256" };
const KEYS = {
  EdDSA: newKey("1", "EdDSA").privateJwk,
  ES256: newKey("1", "ES256").privateJwk,
  HS256: SHARED,
};
const AT_ONCE = 10;

for (const [alg, jwk] of Object.entries(KEYS)) {
  test(`${alg}: ten requests at once with one new token are answered, and a forged one is refused ten times`, async (t) => {
    const secrets = { SIGNING_KEYS: JSON.stringify({ keys: [jwk] }) };
    const { workers, lineOf, stop } = await startWorkers([{ secrets }]);
    t.after(stop);
    const [client] = workers.map(clientOf);
    const token = (await client.logIn(ADA)).access_token;
    const atOnce = (shown) =>
      Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) =>
          index % 2 === 0
            ? client.authorized({ role: "user" }, shown)
            : client.get("/auth/me", { token: shown }),
        ),
      );
    for (let time = 0; time < 2; time++)
      for (const { status } of await atOnce(token)) assert.equal(status, 200);
    // Forge a token: change the claims, but keep the header and the signature.
    const [header, claims, signature] = token.split(".");
    const changed = Buffer.from(claims, "base64url").toString().replace("user", "admin");
    const forged = `${header}.${Buffer.from(changed).toString("base64url")}.${signature}`;
    for (let time = 0; time < 2; time++) {
      for (const answer of await atOnce(forged)) {
        assert.equal(answer.status, 401);
        const { reason } = await lineOf(answer);
        assert.equal(reason, "access token refused: signature_invalid");
      }
    }
    for (const { status } of await atOnce(token)) assert.equal(status, 200);
  });
}
