// The table in docs/jwt-libraries.md says what JWT libraries do with tokens of the running service.
// This test checks the table.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { packages, python } from "../../scripts/setup/clients.mjs";
import { setUp } from "../../scripts/setup/index.mjs";
import { clientOf } from "../e2e/client.mjs";
import { startWorkers } from "../e2e/workers.mjs";
import { LIBRARIES } from "./jwt_libraries.mjs";
import { ACCOUNTS } from "./scenario.mjs";

const ALGORITHMS = ["EdDSA", "ES256", "HS256"];

const jwkOf = {
  EdDSA: () => generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }),
  ES256: () =>
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
  HS256: () => ({ kty: "oct", k: randomBytes(32).toString("base64url") }),
};

let signed, stop;
before(async () => {
  await setUp([packages, python]);
  const keys = ALGORITHMS.map((alg) => ({ ...jwkOf[alg](), kid: alg.toLowerCase() }));
  const settings = keys.map((key) => ({
    secrets: { SIGNING_KEYS: JSON.stringify({ keys: [key] }) },
  }));
  const started = await startWorkers(settings);
  stop = started.stop;
  signed = [];
  for (const [at, alg] of ALGORITHMS.entries()) {
    const edge = started.workers[at];
    const client = clientOf(edge);
    const { access_token: token, user } = await client.logIn(ACCOUNTS.ADA);
    const jwksUrl = new URL("/.well-known/jwks.json", edge.url).href;
    const { body: jwks } = await client.get("/.well-known/jwks.json");
    const secret = keys[at].k ?? "";
    signed.push({ alg, token, issuer: edge.origin, jwksUrl, jwks, secret, sub: user.id });
  }
});
after(() => stop?.());

/** Returns the cells of the table, keyed by library and algorithm. */
function documented() {
  const text = readFileSync(inRoot("docs/jwt-libraries.md"), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  return Object.fromEntries(
    rows.map((row) => {
      const [name, ...cells] = row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim());
      const of = ALGORITHMS.map((alg, at) => [alg, cells[at].startsWith("yes")]);
      return [name.split("`")[1], Object.fromEntries(of)];
    }),
  );
}

test("each library verifies what docs/jwt-libraries.md says", async (t) => {
  const found = {};
  for (const [name, verify] of Object.entries(LIBRARIES)) {
    found[name] = {};
    for (const one of signed) {
      const outcome = await verify(one).catch((error) => ({ refused: error.message }));
      found[name][one.alg] = outcome;
    }
  }
  const { code, stdout, stderr } = await run(
    "/bin/sh",
    [
      "-c",
      'printf %s "$SIGNED" | "$0" "$1"',
      python.bin("python"),
      inRoot("tests/clients/jwt_libraries.py"),
    ],
    { env: { SIGNED: JSON.stringify(signed) }, capture: true },
  );
  assert.equal(code, 0, stderr);
  Object.assign(found, JSON.parse(stdout));

  const verdicts = {};
  for (const [name, outcomes] of Object.entries(found)) {
    verdicts[name] = {};
    for (const { alg, sub } of signed) {
      const { sub: read, refused } = outcomes[alg];
      if (refused) t.diagnostic(`${name}, ${alg}: ${refused.split("\n")[0]}`);
      else assert.equal(read, sub, `${name} reads the user of ${alg}`);
      verdicts[name][alg] = !refused;
    }
  }
  assert.deepEqual(documented(), verdicts);
});

test("a library that verifies refuses a token that was altered", async () => {
  for (const [name, verify] of Object.entries(LIBRARIES)) {
    for (const one of signed) {
      const [header, payload, signature] = one.token.split(".");
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
      const altered = Buffer.from(JSON.stringify({ ...claims, roles: ["admin"] }));
      const token = [header, altered.toString("base64url"), signature].join(".");
      await assert.rejects(verify({ ...one, token }), `${name}, ${one.alg}`);
    }
  }
});
