// Compares the speed of the npm package with that of jose: both verify the same tokens, in the same
// process. This module runs in Node and in Chromium, so it must not import modules of Node.

/**
 * One round verifies SERIAL tokens one after another, and PARALLEL tokens with AT_ONCE of them in
 * progress at the same time. It does both with new tokens, and then with one repeated token. (There
 * are only SERIAL - 1 new tokens for the first part, because one token is used for the warm-up.)
 */
export const SERIAL = 200;
export const PARALLEL = 640;
export const AT_ONCE = 64;

/**
 * Returns a function for each of the modules, which verifies one token with this module.
 *
 * @param {{ edgegate?: any, jose?: any }} modules
 * @param {{ alg: string, jwks: object, options: object }} given
 */
export async function verifiersOf({ edgegate, jose }, { jwks, options, alg }) {
  const verifier = edgegate && (await edgegate.Verifier.fromJwks(jwks, options));
  const keys = jose?.createLocalJWKSet(jwks);
  const expected = {
    ...options,
    typ: "at+jwt",
    algorithms: [alg],
    requiredClaims: ["sub", "client_id", "exp", "iat", "jti"],
  };
  return {
    ...(edgegate && { edgegate: (token) => verifier.verify(token) }),
    ...(jose && { jose: async (token) => (await jose.jwtVerify(token, keys, expected)).payload }),
  };
}

/** Verifies the tokens one at a time. Returns tokens per second. */
async function serial(verify, tokens) {
  const begun = performance.now();
  for (const token of tokens) await verify(token);
  return (tokens.length * 1000) / (performance.now() - begun);
}

/** Verifies the tokens, AT_ONCE of them at the same time. Returns tokens per second. */
async function parallel(verify, tokens) {
  let next = 0;
  const begun = performance.now();
  const work = async () => {
    while (next < tokens.length) await verify(tokens[next++]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return (tokens.length * 1000) / (performance.now() - begun);
}

/**
 * Runs one round: measures the rates of both subjects with new and repeated tokens, serially and in
 * parallel. The subjects take short turns, so that a change of the machine's speed affects both.
 *
 * @typedef {{ alg: string, jwks: object, options: object, tokens: string[] }} Given
 * @param {{ edgegate: any, jose: any }} modules
 * @param {Given & { isEven: boolean }} given `tokens` are SERIAL + PARALLEL new tokens
 */
export async function round(modules, { tokens, isEven, alg, jwks, options }) {
  const subjects = Object.entries(await verifiersOf(modules, { alg, jwks, options }));
  if (isEven) subjects.reverse();
  const seen = tokens.slice(0, 1);
  // Before anything is measured, these calls make both subjects import their keys and make the
  // engine compile their code.
  for (const [, verify] of subjects) for (let n = 0; n < 20; n++) await verify(seen[0]);
  const repeated = (count) => Array.from({ length: count }, () => seen[0]);
  const ways = {
    "new, serial": { measure: serial, all: tokens.slice(1, SERIAL) },
    "new, 64 at once": { measure: parallel, all: tokens.slice(SERIAL) },
    "seen, serial": { measure: serial, all: repeated(SERIAL) },
    "seen, 64 at once": { measure: parallel, all: repeated(PARALLEL) },
  };
  const rates = {};
  for (const [way, { measure, all }] of Object.entries(ways)) {
    /** @type {Record<string, number[]>} */
    const parts = Object.fromEntries(subjects.map(([name]) => [name, []]));
    for (let at = 0; at < all.length; at += AT_ONCE)
      for (const [name, verify] of subjects)
        parts[name].push(await measure(verify, all.slice(at, at + AT_ONCE)));
    rates[way] = parts;
  }
  return rates;
}
