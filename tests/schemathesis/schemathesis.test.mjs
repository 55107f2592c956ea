// Sends generated requests to the routes, and compares the answers with openapi.yaml.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { inRoot } from "../../scripts/project/root.mjs";
import { count } from "../count.mjs";
import { wide } from "../wide.mjs";
import { runSchemathesis } from "./run.mjs";

// EDGEGATE_SCHEMATHESIS_SEED sets another seed. `npm run schemathesis` sends more requests than
// this test.
const SEED = Number(process.env.EDGEGATE_SCHEMATHESIS_SEED ?? 7);
const EXAMPLES = wide(12, 100);
const CHECKS = [
  "allow_header_conformance",
  "content_type_conformance",
  "ensure_resource_availability",
  "ignored_auth",
  "max_response_time",
  "missing_required_header",
  "negative_data_rejection",
  "not_a_server_error",
  "positive_data_acceptance",
  "response_headers_conformance",
  "response_schema_conformance",
  "status_code_conformance",
  "unsupported_method",
  "use_after_free",
];

/**
 * Operations that reject every generated request. They need something that schemathesis can't
 * generate: an authorization request with the service's MAC, the token or secret of an app, or the
 * id of an app or a grant. tests/e2e/apps and tests/e2e/clients.test.mjs test these operations.
 */
const OF_REAL_APPS = new Set([
  "POST /auth/authorize/request",
  "POST /auth/authorize/decision",
  "GET /auth/userinfo",
  "POST /auth/userinfo",
  "POST /auth/introspect",
  "GET /auth/clients/{id}",
  "PATCH /auth/clients/{id}",
  "DELETE /auth/clients/{id}",
  "POST /auth/clients/{id}/secrets",
  "DELETE /auth/clients/{id}/secrets/{sid}",
  "DELETE /auth/grants/{id}",
]);

test("answers are as openapi.yaml says, whatever is asked", async () => {
  console.log(`schemathesis, seed ${SEED}`);
  const { code, cases, checks, tried } = await runSchemathesis({ seed: SEED, examples: EXAMPLES });
  assert.equal(code, 0, "schemathesis found something, see above");
  assert.deepEqual(Object.keys(checks).sort(), CHECKS);

  // Each operation must have accepted some of the requests. If an operation had rejected all of
  // them, the run would prove little about it. Operations that redirect are left out.
  const { paths } = parse(readFileSync(inRoot("openapi.yaml"), "utf8"));
  const isMethod = (name) => /^(get|post|put|patch|delete)$/.test(name);
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([name, { responses }]) => isMethod(name) && !("303" in responses))
      .map(([name, { security }]) => ({ operation: `${name.toUpperCase()} ${path}`, security })),
  );
  for (const { operation, security = [] } of operations) {
    const seen = (wanted) => tried.some((one) => one.operation === operation && wanted(one));
    assert.ok(
      OF_REAL_APPS.has(operation) || seen(({ status }) => status < 300),
      `${operation} was accepted once`,
    );
    if (!security.some(({ accessToken, operatorTicket }) => accessToken || operatorTicket))
      continue;
    for (const role of ["admin", "user"])
      assert.ok(
        seen(({ asker }) => asker === role),
        `${operation} was asked by ${role}`,
      );
    assert.ok(
      seen(({ asker, status }) => asker === "nobody" && status === 401),
      `${operation} was refused without a token`,
    );
  }
  const asked = Object.values(checks).reduce((total, times) => total + times);
  count(
    "schemathesis",
    `${cases} requests by schemathesis to ${operations.length} operations, ${asked} checks of ${CHECKS.length} kinds, seed ${SEED}`,
  );
});
