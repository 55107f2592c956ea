// The Worker verifies the tokens of tests/vectors/agreement/tokens.json. It runs in workerd and is
// called over HTTP. Its clock is set to the time for which the tokens were made.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { clientOf } from "../e2e/client.mjs";
import { eventually, startWorkers } from "../e2e/workers.mjs";
import { assertAgreed, read, summary, tally } from "./vectors.mjs";

const AT_ONCE = 8;

test("the Worker agrees with the file", async (t) => {
  const file = JSON.parse(readFileSync(inRoot("tests/vectors/agreement/tokens.json"), "utf8"));
  const vectors = read(file);
  const names = Object.keys(file.key_sets);
  const { workers, logs, stop } = await startWorkers(
    names.map((name) => ({
      // The Workers of other tests have DEV = "1" and LIMITS = "off". These values are only for
      // local development, and the issuer in this test has a public address. Therefore both are
      // unset here.
      vars: { ISSUER: file.issuer, AUDIENCE: file.audience, LIMITS: undefined },
      secrets: { DEV: undefined, SIGNING_KEYS: JSON.stringify(file.key_sets[name].private) },
    })),
  );
  t.after(stop);
  for (const worker of workers) await worker.control({ at: file.now });
  const clients = Object.fromEntries(
    names.map((name, index) => [name, clientOf({ ...workers[index], origin: file.issuer })]),
  );

  const { counts, wrong, expect } = tally();
  const refusals = [];
  const bodies = new Set();
  const refused = async (vector, client, reason) => {
    const { status, headers, body } = await client.authorized({ role: "user" }, vector.token);
    const seen = [status, body.code, headers.get("www-authenticate")];
    expect("invalid", vector.name, seen, [
      401,
      "invalid_token",
      'Bearer realm="edgegate", error="invalid_token"',
    ]);
    bodies.add(JSON.stringify(body));
    refusals.push({ name: vector.name, reason, id: headers.get("x-request-id") });
  };
  const accepted = async (vector, client) => {
    const holds = vector.claims.roles.includes("user");
    const checks = vector.checks ?? [];
    for (const { expected, ...criterion } of [{ role: ["user"], expected: holds }, ...checks]) {
      const query = Object.entries(criterion).flatMap(([name, values]) =>
        [values].flat().map((value) => [name, value]),
      );
      const { status, body } = await client.authorized(query, vector.token);
      // A check is a request to /auth/authorized. If it has no criterion or an empty one, the
      // answer is 400 (see openapi.yaml).
      const isEmpty = query.length === 0 || query.some(([, value]) => value === "");
      const seen = isEmpty ? [status, body.code] : [status, body.authorized];
      const should = isEmpty ? [400, "invalid_request"] : [expected ? 200 : 403, expected];
      expect("checks", `${vector.name} ${JSON.stringify(criterion)}`, seen, should);
    }
    counts.valid += 1;
  };

  const travelling = vectors.filter(({ no_header }) => !no_header);
  const queue = [...travelling];
  const work = async () => {
    for (let vector = queue.pop(); vector; vector = queue.pop()) {
      const client = clients[vector.key_set];
      // In the Authorization header, spaces after "Bearer" are not part of the token (RFC 9110
      // section 11.4). So if a token begins with a space, it arrives without the space, and its
      // signature does not match.
      const isShortened = vector.token.startsWith(" ");
      const reason = isShortened ? "signature_invalid" : (vector.service ?? vector.reason);
      await (reason ? refused(vector, client, reason) : accepted(vector, client));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  assertAgreed(wrong);
  assert.deepEqual(bodies.size, 1, "a client is not told which rule it was");

  const reasons = await eventually(() => {
    const lines = new Map(logs().map(({ request_id, reason }) => [request_id, reason]));
    return refusals.every(({ id }) => lines.has(id)) && lines;
  });
  assert.deepEqual(
    refusals.map(({ name, id }) => [name, reasons.get(id)]),
    refusals.map(({ name, reason }) => [name, `access token refused: ${reason}`]),
  );
  t.diagnostic(
    `${summary("Worker over HTTP", counts)}; ${vectors.length - travelling.length} tokens can't travel in a header`,
  );
});

test("the tokens that the file marks as impossible in a header can't be sent, and all others can", () => {
  const file = JSON.parse(readFileSync(inRoot("tests/vectors/agreement/tokens.json"), "utf8"));
  for (const { name, token, no_header } of read(file)) {
    const value = `Bearer ${token}`;
    let carried;
    try {
      carried = new Headers({ authorization: value }).get("authorization") === value;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      carried = false;
    }
    assert.equal(carried, !no_header, name);
  }
});
