// The test data for the consumers: keys, and for each algorithm a valid token and a forged one. The
// outcome must be the same for all consumers.
import { newKey, nowSeconds, OPTIONS, setOf, USER } from "../package/tokens.mjs";

const ALGORITHMS = ["EdDSA", "ES256"];
/** The lifetime of the tokens. It is longer than any build takes. */
const LIFE_SECONDS = 12 * 3600;

export function makeGiven() {
  const exp = nowSeconds() + LIFE_SECONDS;
  const keys = ALGORITHMS.map((alg) => newKey(`key-${alg}`, alg));
  const tokensOf = (key) => ({
    good: key.token({ exp }),
    forged: newKey(key.kid, key.jwk.alg).token({ exp }),
  });
  return {
    jwks: setOf(...keys),
    options: OPTIONS,
    tokens: Object.fromEntries(keys.map((key) => [key.jwk.alg, tokensOf(key)])),
  };
}

const ofEach = {
  accepted: USER,
  again: USER,
  role: true,
  refused: "true invalid_token signature_invalid",
};

export const EXPECTED = {
  ...Object.fromEntries(ALGORITHMS.map((alg) => [alg, ofEach])),
  client: "unknown",
};
