// Tests `edgegate clients`: how its options change an app. Also tests that the command has a remedy
// for each reason for which the service rejects a URI.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fieldsOf, REMEDIES } from "../../npm/edgegate-worker/cli/clients.js";
import { inRoot } from "../../scripts/project/root.mjs";

test("an algorithm of id_tokens is chosen, kept, or undone", () => {
  const sent = (/** @type {string | false | undefined} */ idTokenAlg) =>
    fieldsOf({ idTokenAlg }).id_token_signed_response_alg;
  assert.deepEqual([sent("EdDSA"), sent(undefined), sent(false)], ["EdDSA", undefined, null]);
});

test("a list is replaced, kept, or emptied", () => {
  const sent = (/** @type {string[] | false | undefined} */ list) => {
    const fields = fieldsOf({ postLogoutRedirectUri: list, resource: list, scope: list });
    return [fields.post_logout_redirect_uris, fields.resources, fields.scopes];
  };
  assert.deepEqual(sent(["a"]), [["a"], ["a"], ["a"]]);
  assert.deepEqual(sent(undefined), [undefined, undefined, undefined]);
  assert.deepEqual(sent(false), [[], [], []]);
});

test("each reason for which a URI is rejected has its remedy", () => {
  const reasons = ["redirect_uri", "resource"].flatMap((name) => {
    const text = readFileSync(inRoot("src/domain/authorization", `${name}.rs`), "utf8");
    return [...text.matchAll(/Self::\w+ => "([a-z_]+)"/g)].map(([, reason]) => reason);
  });
  assert.ok(reasons.length >= 15, reasons.join());
  for (const reason of reasons) assert.ok(REMEDIES[reason], reason);
});
