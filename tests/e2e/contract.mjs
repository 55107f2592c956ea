// Checks answers against openapi.yaml, which is called the contract here. client.mjs checks every
// answer that it gets. The contract must describe the answer's status, media type and body, and the
// header Set-Cookie. Of the other headers, only those that the contract describes are checked.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";

const contract = parse(readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8"));
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(contract, "contract");

const templates = Object.keys(contract.paths).map((path) => ({
  path,
  // The first match is used. openapi.yaml lists a literal path before one with a parameter.
  pattern: new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+")}$`),
}));
const validators = new Map();

/**
 * Throws if the contract has this path and method, but does not describe this answer. All other
 * answers, such as HTML pages, are accepted without a check.
 */
export function assertInContract(method, url, { status, headers, body }) {
  const { pathname } = new URL(url, "http://contract.invalid");
  const found = templates.find(({ pattern }) => pattern.test(pathname));
  const operation =
    found && contract.paths[found.path][(method === "HEAD" ? "GET" : method).toLowerCase()];
  if (!operation) return;
  const where = `${method} ${found.path} ${status}`;
  const pointer = [
    "paths",
    found.path,
    (method === "HEAD" ? "GET" : method).toLowerCase(),
    "responses",
    `${status}`,
  ];
  const response = follow(pointer);
  assert.ok(response, `openapi.yaml does not describe ${where}: ${JSON.stringify(body)}`);
  const described = response.value.headers ?? {};
  for (const name of Object.keys(described)) {
    const { value: header, pointer: at } =
      follow([...response.pointer, "headers", name]) ?? assert.fail(`${where}: ${name}`);
    if (header.required) assert.ok(headers.has(name), `${where} lacks the header ${name}`);
    if (!headers.has(name)) continue;
    const text = headers.get(name);
    const validate = validator([...at, "schema"]);
    const isAsDescribed = validate(header.schema.type === "integer" ? Number(text) : text);
    assert.ok(
      isAsDescribed,
      `${where}: ${name} is not as openapi.yaml says: ${text.replace(/egr_[\w-]+/, "egr_…")}`,
    );
  }
  assert.ok(
    described["Set-Cookie"] || !headers.has("set-cookie"),
    `openapi.yaml knows of no cookie in ${where}`,
  );
  // The answers that scripts on web pages may read have `Vary: Origin`. These are all answers of
  // /auth/ except those of the operations that only operators may use, and of the operations to
  // which a browser navigates.
  const isForPages = operation.security?.some((scheme) => "operatorTicket" in scheme)
    ? operation.security.length > 1
    : !operation["x-navigation"];
  if (pathname.startsWith("/auth/") && isForPages)
    assert.equal(headers.get("vary"), "Origin", `${where} says whom it is for`);
  if (method === "HEAD") return;
  const content = response.value.content ?? {};
  if (Object.keys(content).length === 0) {
    assert.equal(body, "", `${where} has a body that openapi.yaml does not describe`);
    return;
  }
  const type = headers.get("content-type")?.split(";")[0];
  assert.ok(content[type], `openapi.yaml does not describe ${where} as ${type}`);
  const schema = [...response.pointer, "content", type, "schema"];
  const validate = validator(schema);
  assert.ok(
    validate(body),
    `${where} is not as openapi.yaml says: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(body)}`,
  );
  assertKnownCode(content[type], status, body, where);
  const cookie = headers.get("set-cookie") ?? "";
  assert.ok(
    !(body.refresh_token && cookie.includes("egr_")),
    `${where} has the refresh token in the body and in the cookie`,
  );
}

/**
 * For three error codes: the additional member that an error (problem+json) with this code has.
 * assertKnownCode checks this. A schema in openapi.yaml could express the same condition, but
 * client generators stop at such a schema.
 */
const MEMBERS = {
  invalid_field: "errors",
  weak_password: "reasons",
  reauthentication_required: "max_age",
};

/**
 * Checks an error: its code must be among the answer's `x-codes` in openapi.yaml. If it is
 * problem+json, its `status` must be that of the answer, and of the members in MEMBERS it must have
 * only the one of its code.
 */
function assertKnownCode({ "x-codes": codes }, status, body, where) {
  if (!codes) return;
  const code = body.code ?? body.error;
  assert.ok(codes.includes(code), `openapi.yaml does not know of ${code} in ${where}`);
  if (body.error) return;
  assert.equal(body.status, status, where);
  for (const member of Object.values(MEMBERS))
    assert.equal(member in body, MEMBERS[code] === member, `${where}: ${code} and ${member}`);
}

/**
 * Follows a JSON pointer through `$ref`s. Returns the value that it finds, and the pointer to the
 * value without `$ref`s.
 */
function follow(pointer) {
  let value = contract;
  let at = [];
  for (const step of pointer) {
    value = value?.[step];
    at = [...at, step];
    if (value === undefined) return undefined;
    if (value.$ref) {
      const target =
        follow(value.$ref.slice(2).split("/").map(unescaped)) ?? assert.fail(value.$ref);
      value = target.value;
      at = target.pointer;
    }
  }
  return { value, pointer: at };
}

function validator(pointer) {
  const ref = `contract#/${pointer.map((step) => encodeURIComponent(escaped(step))).join("/")}`;
  if (!validators.has(ref)) validators.set(ref, ajv.compile({ $ref: ref }));
  return validators.get(ref);
}

function escaped(step) {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}

function unescaped(step) {
  return decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
}
