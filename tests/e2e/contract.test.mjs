import assert from "node:assert/strict";
import { test } from "node:test";
import { assertInContract } from "./contract.mjs";

const json = (status, body, type = "application/json") => ({
  status,
  body,
  headers: new Headers({ "content-type": type, "cache-control": "no-store", "x-request-id": "00000000-0000-4000-8000-000000000000" }),
});

test("an answer that the contract does not describe is noticed", () => {
  assertInContract("GET", "/auth/authorized?role=a", json(200, { authorized: true }));
  for (const [why, answer] of [
    ["another status", json(418, { authorized: true })],
    ["another media type", json(200, { authorized: true }, "text/html")],
    ["another body", json(200, { authorised: true })],
    ["another type", json(200, { authorized: "yes" })],
  ]) {
    assert.throws(() => assertInContract("GET", "/auth/authorized?role=a", answer), { name: "AssertionError" }, why);
  }
  assert.throws(() => assertInContract("GET", "/auth/users/1", json(200, { id: "1" })), { name: "AssertionError" });
  assert.throws(() => assertInContract("POST", "/auth/token", json(400, { error: "nonsense", error_description: "x" })));
});
