import assert from "node:assert/strict";
import { test } from "node:test";
import { assertInContract } from "./contract.mjs";

const HEADERS = {
  "cache-control": "no-store",
  "x-request-id": "00000000-0000-4000-8000-000000000000",
  vary: "Origin",
};

const json = (status, body, type = "application/json", headers = {}) => ({
  status,
  body,
  headers: new Headers({ "content-type": type, ...HEADERS, ...headers }),
});

test("an answer that the contract does not describe is noticed", () => {
  assertInContract("GET", "/auth/authorized?role=a", json(200, { authorized: true }));
  for (const [why, answer] of [
    ["another status", json(418, { authorized: true })],
    ["another media type", json(200, { authorized: true }, "text/html")],
    ["another body", json(200, { authorised: true })],
    ["another type", json(200, { authorized: "yes" })],
    ["another header", json(200, { authorized: true }, undefined, { "x-request-id": "1" })],
    [
      "a cookie",
      json(200, { authorized: true }, undefined, {
        "set-cookie": "edgegate=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
      }),
    ],
    ["for everybody", json(200, { authorized: true }, undefined, { vary: "*" })],
  ]) {
    assert.throws(
      () => assertInContract("GET", "/auth/authorized?role=a", answer),
      { name: "AssertionError" },
      why,
    );
  }
  assert.throws(() => assertInContract("GET", "/auth/users/1", json(200, { id: "1" })), {
    name: "AssertionError",
  });
  const cookie = (text) =>
    json(400, { error: "invalid_grant", error_description: "x" }, undefined, {
      "set-cookie": text,
    });
  assertInContract(
    "POST",
    "/auth/token",
    cookie("edgegate=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"),
  );
  for (const text of [
    "edgegate=; Path=/; SameSite=Strict; Max-Age=0",
    "edgegate=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
    "__Host-edgegate=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
    "edgegate=; Path=/auth; HttpOnly; SameSite=Strict; Max-Age=0",
    "edgegate=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Domain=example.com",
  ]) {
    assert.throws(
      () => assertInContract("POST", "/auth/token", cookie(text)),
      { name: "AssertionError" },
      text,
    );
  }
  assert.throws(() =>
    assertInContract(
      "POST",
      "/auth/token",
      json(400, { error: "nonsense", error_description: "x" }),
    ),
  );
});
