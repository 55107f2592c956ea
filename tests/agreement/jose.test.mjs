// Verifies the tokens of tests/vectors/agreement/tokens.json with the library jose. For each token
// about which jose and edgegate disagree, a line of the table in docs/tokens-and-jose.md must give
// the reason.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createLocalJWKSet, jwtVerify } from "jose";
import { inRoot } from "../../scripts/project/root.mjs";
import { read } from "./vectors.mjs";

const DAY = 86_400;
const INVALID = /^ERR_J(OSE|WT|WS|WK|WKS)_/;

test("each difference of jose has a line that says why, and no line is about a token on which it agrees", async (t) => {
  const file = JSON.parse(readFileSync(inRoot("tests/vectors/agreement/tokens.json"), "utf8"));
  const vectors = read(file);
  const keys = Object.fromEntries(
    Object.entries(file.key_sets).map(([name, { public: jwks }]) => [
      name,
      createLocalJWKSet(jwks),
    ]),
  );
  const options = {
    issuer: file.issuer,
    audience: file.audience,
    typ: "at+jwt",
    algorithms: ["EdDSA", "Ed25519", "ES256"],
    currentDate: new Date(file.now * 1000),
    maxTokenAge: DAY,
    requiredClaims: ["sub", "client_id", "exp", "iat", "jti", "sid", "ver"],
  };
  const verdict = async ({ name, token, key_set }) => {
    try {
      await jwtVerify(token, keys[key_set], options);
      return "valid";
    } catch (error) {
      assert.match(
        /** @type {{ code?: string }} */ (error).code ?? "",
        INVALID,
        `${name}: ${error}`,
      );
      return "invalid";
    }
  };
  const different = [];
  for (const vector of vectors)
    if ((await verdict(vector)) !== vector.verdict) different.push(vector);

  const lines = table(readFileSync(inRoot("docs/tokens-and-jose.md"), "utf8"));
  const lineOf = (name) => lines.filter(({ matches }) => matches(name));
  for (const { name, verdict } of different) {
    const found = lineOf(name);
    assert.equal(
      found.length,
      1,
      `${name} is ${verdict} here and not in jose: ${found.length} lines say why`,
    );
    assert.equal(found[0].verdict, verdict, `${name}: its line says the contrary`);
  }
  const names = different.map(({ name }) => name);
  for (const { pattern, matches } of lines) {
    const meant = vectors.filter(({ name }) => matches(name)).map(({ name }) => name);
    assert.ok(meant.length > 0, `${pattern} is no token`);
    assert.deepEqual(
      meant.filter((name) => !names.includes(name)),
      [],
      `${pattern}: jose agrees on these`,
    );
  }
  t.diagnostic(
    `jose: agrees on ${vectors.length - different.length} of ${vectors.length}; ${different.length} differences, each with its line`,
  );
});

/**
 * Reads the table in docs/tokens-and-jose.md. Its first column contains names of tokens, in which
 * `*` stands for any text. Returns for each name a function that says whether a token's name
 * matches, and the verdict of edgegate.
 */
function table(text) {
  return [...text.matchAll(/^\| (`.+?) \| (.+?) \| (accepts|rejects) \| \S.* \|$/gm)].flatMap(
    ([, names, , verdict]) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, pattern]) => {
        const expression = new RegExp(`^${pattern.split("*").map(plain).join(".*")}$`);
        return {
          pattern,
          verdict: verdict === "accepts" ? "valid" : "invalid",
          matches: (name) => expression.test(name),
        };
      }),
  );
}

/**
 * Escapes the text for a regular expression. The dot is the only character in these names that
 * needs an escape.
 */
const plain = (text) => text.replaceAll(".", "\\.");
