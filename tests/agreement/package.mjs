// Verifies the tokens of tests/vectors/agreement/tokens.json with the npm package. This module runs
// in Node, in workerd and in Chromium, so it imports no module of Node.
import { read, tally } from "./vectors.mjs";
import { runWycheproof } from "./wycheproof.mjs";

/**
 * Verifies all tokens twice: first with the platform's WebCrypto, and then without WebCrypto, so
 * that the package's wasm verifies the signatures. The caller compares the results of both runs
 * with the verdicts in `file`. `byPlatform` is the number of signatures that the platform verified.
 */
export async function runBothWays(edgegate, file, wycheproof) {
  const real = globalThis.crypto;
  const replace = (value) =>
    Object.defineProperty(globalThis, "crypto", { value, configurable: true, writable: true });
  let byPlatform = 0;
  const subtle = {
    importKey: (/** @type {Parameters<SubtleCrypto["importKey"]>} */ ...args) =>
      real.subtle.importKey(...args),
    verify(/** @type {Parameters<SubtleCrypto["verify"]>} */ ...args) {
      byPlatform += 1;
      return real.subtle.verify(...args);
    },
  };
  try {
    replace({ subtle });
    const platform = { ...(await runPackage(edgegate, file)), byPlatform };
    byPlatform = 0;
    replace(undefined);
    const wasm = { ...(await runPackage(edgegate, file)), byPlatform };
    replace(real);
    return { platform, wasm, wycheproof: await runWycheproof(wycheproof) };
  } finally {
    replace(real);
  }
}

/**
 * Verifies all tokens with the package's exports. Returns the counts. `wrong` lists each result
 * that differs from the verdict in `file`.
 */
export async function runPackage({ Verifier, EdgegateError }, file) {
  const { counts, wrong, expect } = tally();
  const expected = {
    issuer: file.issuer,
    audience: file.audience,
    currentDate: new Date(file.now * 1000),
  };
  const verifiers = {};
  for (const [name, { public: jwks }] of Object.entries(file.key_sets))
    verifiers[name] = await Verifier.fromJwks(jwks, expected);

  const vectors = read(file);
  const good = vectors.find(({ name }) => name === "ok").claims;
  // The checks for the invalid tokens. Each check requires something that the valid token named
  // "ok" has: its roles, its user or its email address. With an invalid token each check must fail.
  const nothing = [{ role: good.roles }, { user_id: good.sub }, { email: good.email }].map(
    (criterion) => ({ ...criterion, expected: false }),
  );

  for (const { name, token, key_set, verdict, reason, claims, checks } of vectors) {
    const verifier = verifiers[key_set];
    expect(
      verdict,
      name,
      await outcome(verifier, token, EdgegateError),
      verdict === "valid" ? { claims } : { code: "invalid_token", reason },
    );
    for (const { expected, ...criterion } of verdict === "valid" ? (checks ?? []) : nothing) {
      expect(
        "checks",
        `${name} ${JSON.stringify(criterion)}`,
        await allows(verifier, token, criterion),
        expected,
      );
      expect(
        "checks",
        `${name} ${JSON.stringify(criterion)}, the form that rejects`,
        await permits(verifier, token, criterion),
        expected,
      );
    }
  }
  return { counts, wrong };
}

async function outcome(verifier, token, EdgegateError) {
  try {
    return { claims: await verifier.verify(token) };
  } catch (error) {
    if (!(error instanceof EdgegateError)) return { thrown: String(error) };
    const { code, reason } = /** @type {{ code: string, reason?: string }} */ (error);
    return { code, reason };
  }
}

/**
 * Returns whether the token meets the criterion. Uses the check whose result is true or false. The
 * promise of this check must never reject. If it rejects, the whole run rejects.
 */
function allows(verifier, token, { role, user_id, email }) {
  if (role !== undefined) return verifier.isAuthorizedByRole(token, role);
  if (user_id !== undefined) return verifier.isAuthorizedByUserId(token, user_id);
  return verifier.isAuthorizedByEmail(token, email);
}

/**
 * Returns whether the token meets the criterion. Uses two other forms of the check: one throws if
 * the criterion is not met, and the other takes claims that are verified already. Both must give
 * the same result.
 */
async function permits(verifier, token, { role, user_id, email }) {
  const [check, asked] =
    role !== undefined
      ? ["Role", role]
      : user_id !== undefined
        ? ["UserId", user_id]
        : ["Email", email];
  const [required, held] = await Promise.all([
    succeeds(() => verifier[`require${check}`](token, asked)),
    succeeds(async () => {
      if (!verifier[`has${check}`](await verifier.verify(token), asked)) throw new Error("no");
    }),
  ]);
  return required === held ? required : "they differ";
}

const succeeds = (check) =>
  check().then(
    () => true,
    () => false,
  );
