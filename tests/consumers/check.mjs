// Uses the package: verifies tokens and constructs the client. A consumer is a bundler, framework
// or runtime that uses the package. This file is copied into the project of each consumer.

/**
 * @param {typeof import("edgegate")} edgegate
 * @param {Awaited<ReturnType<typeof import("./given.mjs")["makeGiven"]>>} given
 */
export async function check({ AuthClient, EdgegateError, Verifier }, { jwks, options, tokens }) {
  const verifier = await Verifier.fromJwks(jwks, options);
  const outcome = {};
  for (const [alg, { good, forged }] of Object.entries(tokens)) {
    outcome[alg] = {
      accepted: (await verifier.verify(good)).sub,
      again: (await verifier.verify(good)).sub,
      role: await verifier.isAuthorizedByRole(good, ["user"]),
      refused: await verifier.verify(forged).then(
        () => "accepted",
        (error) => `${error instanceof EdgegateError} ${error.code} ${error.reason}`,
      ),
    };
  }
  return { ...outcome, client: new AuthClient({ url: options.issuer }).status };
}
