// Every 401 has the header WWW-Authenticate (RFC 9110 section 15.5.2). The header must never make a
// browser open its own window that asks for a name and a password.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { refusesToken } from "../../npm/edgegate/client/challenge.js";
import { inRoot } from "../../scripts/project/root.mjs";
import { ADA, clientOf } from "./client.mjs";
import { startWorker } from "./harness.mjs";

const contract = parse(readFileSync(inRoot("openapi.yaml"), "utf8"));
const resolved = (value) =>
  value?.$ref
    ? resolved(
        value.$ref
          .slice(2)
          .split("/")
          .reduce((at, step) => at[step], contract),
      )
    : value;
const ID = "019ab7a1-2c00-7101-8101-010101010101";

/** All operations that can answer 401. */
const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([, operation]) => operation.responses?.["401"])
    .map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{[a-z]+\}/, ID),
      name: operation.operationId,
      takesToken: Boolean(operation.security?.some((way) => way.accessToken)),
      unauthorized: resolved(operation.responses["401"]),
    })),
);

let edge, client;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
after(() => edge.stop());

const challengeOf = ({ status, headers }, what) => {
  assert.equal(status, 401, what);
  const challenge = headers.get("www-authenticate");
  assert.ok(challenge, `${what} has no challenge`);
  assert.doesNotMatch(challenge, /basic|digest|negotiate|ntlm/i, what);
  return challenge;
};

test("the contract requires the header of every 401", () => {
  assert.ok(operations.length >= 18, `${operations.length}`);
  for (const { name, unauthorized } of operations) {
    const header = resolved(unauthorized.headers["WWW-Authenticate"]);
    assert.equal(header?.required, true, name);
    // A challenge with the scheme Basic makes a browser open its own password window. The service
    // sends this challenge only to an app that used the scheme Basic in its request.
    const isForApps = JSON.stringify(unauthorized).includes("invalid_client");
    const hasBasic = JSON.stringify(header.schema).toLowerCase().includes("basic");
    assert.equal(hasBasic, isForApps, name);
  }
});

test("without a token, and with a bad one, every route that takes one has a challenge", async () => {
  const routes = operations.filter(({ takesToken }) => takesToken);
  assert.ok(routes.length >= 14, `${routes.length}`);
  for (const { method, path, name } of routes) {
    const query = name === "is_authorized" ? "?role=user" : "";
    const ask = async (token) => {
      // `fields` lists which of these members are in the body of this operation.
      const json = {
        password: "x",
        current_password: "x",
        new_password: "x",
        email: ADA,
        name: "Notes",
        type: "public",
        redirect_uris: ["https://notes.example.com/callback"],
      };
      const fields = {
        reauthenticate: ["password"],
        change_password: ["current_password", "new_password"],
        change_email: ["email", "current_password"],
        delete_own_account: ["current_password"],
        create_user: ["email"],
        create_client: ["name", "type", "redirect_uris"],
        change_client: ["name"],
        invite_user: [],
      }[name];
      const body = fields && Object.fromEntries(fields.map((field) => [field, json[field]]));
      const lines = { body: "{}", headers: { "content-type": "application/jsonl" } };
      const options =
        name === "import_users"
          ? { token, ...lines }
          : { token, json: name === "amend_user" ? { roles: ["user"] } : body };
      return challengeOf(await client.call(method, `${path}${query}`, options), name);
    };
    assert.equal(await ask(undefined), 'Bearer realm="edgegate"', name);
    assert.equal(await ask("x"), 'Bearer realm="edgegate", error="invalid_token"', name);
  }
});

test("a wrong password has a challenge that does not refuse the access token", async () => {
  const login = await client.post("/auth/login", { json: { email: ADA, password: "wrong" } });
  const expected = 'Edgegate realm="edgegate", error="invalid_credentials"';
  assert.equal(challengeOf(login, "login"), expected);
  const nobody = { email: "nobody@example.com", password: "wrong" };
  assert.equal(challengeOf(await client.post("/auth/login", { json: nobody }), "nobody"), expected);
  const { access_token: token } = await client.logIn(ADA);
  for (const [method, path, json] of /** @type {[string, string, object][]} */ ([
    ["POST", "/auth/reauthenticate", { password: "wrong" }],
    [
      "POST",
      "/auth/password/change",
      { current_password: "wrong", new_password: "a long enough passphrase" },
    ],
    ["POST", "/auth/email/change", { email: "new@example.com", current_password: "wrong" }],
    ["DELETE", "/auth/me", { current_password: "wrong" }],
  ])) {
    const challenge = challengeOf(await client.call(method, path, { token, json }), path);
    assert.equal(challenge, expected, path);
    // Because `refusesToken` returns false, AuthClient does not renew the token after this answer,
    // and does not send the password again.
    assert.equal(refusesToken(challenge), false, path);
  }
  assert.equal((await client.get("/auth/me", { token })).status, 200);
});

test("an unknown client has a challenge", async () => {
  for (const [path, more] of /** @type {[path: string, more: object][]} */ ([
    ["/auth/token", { grant_type: "refresh_token", refresh_token: "x" }],
    ["/auth/revoke", { token: "x" }],
  ])) {
    for (const send of ["form", "json"]) {
      const answer = await client.post(path, { [send]: { ...more, client_id: "another" } });
      const challenge = challengeOf(answer, path);
      assert.equal(challenge, 'Edgegate realm="edgegate", error="invalid_client"', path);
      assert.equal(answer.body.error, "invalid_client");
    }
  }
});
