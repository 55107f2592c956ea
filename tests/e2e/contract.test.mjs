import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { inRoot } from "../../scripts/project/root.mjs";
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
  for (const [why, answer] of /** @type {[why: string, answer: ReturnType<typeof json>][]} */ ([
    ["another status", json(418, { authorized: true })],
    ["another media type", json(200, { authorized: true }, "text/html")],
    ["another body", json(200, { authorised: true })],
    ["another type", json(200, { authorized: "yes" })],
    ["another header", json(200, { authorized: true }, undefined, { "x-request-id": "1" })],
    [
      "a cookie",
      json(200, { authorized: true }, undefined, {
        "set-cookie": "edgegate-8787=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
      }),
    ],
    ["for everybody", json(200, { authorized: true }, undefined, { vary: "*" })],
  ])) {
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
    cookie("edgegate-8787=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"),
  );
  for (const text of [
    "edgegate-8787=; Path=/; SameSite=Strict; Max-Age=0",
    "edgegate-8787=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
    "__Host-edgegate=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
    "edgegate-8787=; Path=/auth; HttpOnly; SameSite=Strict; Max-Age=0",
    "edgegate-8787=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Domain=example.com",
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

/**
 * Calls `visit` with each object in the tree and with the keys that lead to the object. Skips
 * extensions, whose keys begin with `x-`.
 */
function walk(node, visit, path = []) {
  if (node === null || typeof node !== "object") return;
  visit(node, path);
  for (const [key, child] of Object.entries(node))
    if (!key.startsWith("x-")) walk(child, visit, [...path, key]);
}

test("a problem has one of the codes of its answer, its status, and the member of its code", () => {
  const problem = (status, code, rest = {}) =>
    json(
      status,
      { type: "about:blank", title: "x", status, code, detail: "x", ...rest },
      "application/problem+json",
    );
  const login = (answer) => () => assertInContract("POST", "/auth/login", answer);
  const errors = [{ field: "email", reason: "missing" }];
  login(problem(422, "invalid_field", { errors }))();
  for (const [why, answer] of /** @type {[why: string, answer: ReturnType<typeof json>][]} */ ([
    ["the code of another answer", problem(422, "email_taken", { errors })],
    ["no errors", problem(422, "invalid_field")],
    ["errors where there are none", problem(400, "invalid_request", { errors })],
    ["another status", problem(422, "invalid_field", { errors, status: 400 })],
  ]))
    assert.throws(login(answer), { name: "AssertionError" }, why);
});

// openapi-generator stops if there are more than 50 YAML aliases. Other generators fail on a
// request that has two media types. Schemas that combine or narrow other schemas make some
// generators fail, and others misread such schemas.
test("the contract has nothing that stops generators of clients", () => {
  const text = readFileSync(inRoot("openapi.yaml"), "utf8");
  assert.doesNotMatch(text, /[:-] [&*]\w+$/m, "an anchor or an alias");
  let operations = 0;
  walk(parse(text), (node, path) => {
    const where = path.join(" ");
    if (path.includes("example") || path.includes("examples")) return;
    for (const keyword of ["allOf", "oneOf", "anyOf", "not", "if", "discriminator"])
      assert.ok(!(keyword in node), `${where} has ${keyword}`);
    if ("const" in node || "enum" in node) assert.ok(node.type, `${where} has no type`);
    if (path.at(-1) === "requestBody") {
      operations += 1;
      assert.equal(Object.keys(node.content).length, 1, `${where} has two media types`);
    }
    const schema = node.schema?.$ref ?? "";
    if (/Problem$|OAuthError$/.test(schema))
      assert.ok(node["x-codes"].length > 0, `${where} does not say which codes it has`);
  });
  assert.ok(operations > 10, `${operations} operations with a body`);
});

test("a form takes what the JSON of the same operation takes", () => {
  /** @type {any} */
  const { paths, components } = parse(readFileSync(inRoot("openapi.yaml"), "utf8"));
  const rulesOf = ({ description: _, ...rules }) => rules;
  let forms = 0;
  for (const [path, { post }] of Object.entries(paths)) {
    const form = post?.requestBody?.["x-form"];
    if (!form) continue;
    const { $ref } = post.requestBody.content["application/json"].schema;
    const { properties } = components.schemas[$ref.split("/").at(-1)];
    for (const [name, property] of Object.entries(form.properties))
      assert.deepEqual(rulesOf(property), rulesOf(properties[name]), `${path}: ${name}`);
    forms += 1;
  }
  assert.equal(forms, 3);
});
