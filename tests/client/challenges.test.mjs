// The service answers 401 for two reasons. If it rejects the access token, the client renews the
// token and repeats the request. If it requires something else, such as the password, a new token
// would not help. The client reads the reason from the header WWW-Authenticate.
import assert from "node:assert/strict";
import { test } from "node:test";
import { refusesToken } from "../../npm/edgegate/client/challenge.js";
import { problem } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const API = "https://api.example.com";
const PROOF =
  'Bearer realm="edgegate", error="insufficient_user_authentication", error_description="Enter it again", max_age="600"';

const REFUSES = [
  'Bearer error="invalid_token"',
  "Bearer error=invalid_token",
  'bEARER\tERROR \t=\t"invalid_token"',
  'Bearer realm="edgegate", error="invalid_token"',
  'Bearer error="invalid_token", error_description="it says \\"expired\\", so"',
  'Bearer error="invalid\\_token"',
  'Basic realm="a, b=c", Bearer error="invalid_token"',
  'Negotiate, Bearer error="invalid_token"',
  'Negotiate YWJj==, Bearer error="invalid_token"',
  ', , Bearer ,error="invalid_token",',
  'Bearer realm="one", Bearer error="invalid_token"',
  `${PROOF}, Bearer error="invalid_token"`,
];
const OTHER = [
  "",
  "Bearer",
  'Bearer realm="edgegate"',
  PROOF,
  'Bearer error="insufficient_scope"',
  'Bearer error="invalid_request"',
  'Bearer error="Invalid_Token"',
  'Bearer error=" invalid_token"',
  'Bearer error=""',
  'Bearer error_description="invalid_token"',
  'Bearer realm="x", error_description="error=\\"invalid_token\\", Bearer error=\\"invalid_token\\""',
  'Bearer realm="Bearer error=invalid_token"',
  'Bearer error="insufficient_user_authentication", error="invalid_token"',
  'Basic error="invalid_token"',
  'Edgegate realm="edgegate", error="invalid_credentials"',
  'Edgegate realm="edgegate", error="invalid_client"',
  'Edgegate error="invalid_token"',
  'Bearer, DPoP error="invalid_token"',
  'DPoP error="use_dpop_nonce", algs="ES256"',
  'MyBearer error="invalid_token"',
  'Bearerish error="invalid_token"',
  'error="invalid_token"',
  'Bearer "invalid_token"',
  'Bearer error="invalid_token',
  "Bearer error=",
  "Bearer invalid_token",
  "=",
  '"',
  `Bearer ${"x".repeat(100_000)}`,
  `Bearer a="${'\\"'.repeat(50_000)}`,
];

test("a challenge is read as RFC 9110 writes it", () => {
  for (const header of REFUSES) assert.equal(refusesToken(header), true, header);
  for (const header of OTHER) assert.equal(refusesToken(header), false, header.slice(0, 99));
});

const challenged =
  (header, body = "no") =>
  () =>
    new Response(body, { status: 401, headers: { "WWW-Authenticate": header.trim() } });

test("fetch renews and repeats for a refused token only", async () => {
  for (const origin of [ORIGIN, API]) {
    for (const [headers, requests] of /** @type {const} */ ([
      [REFUSES, 2],
      [OTHER.filter((header) => header.length < 99), 1],
    ])) {
      for (const header of headers) {
        const world = new World();
        const { client } = await signedIn(world, { origins: [API] });
        const answer = challenged(header);
        world.service.fault = ({ path }) => (path === "/x" ? answer() : undefined);
        const response = await world.run(client.fetch(`${origin}/x`));
        assert.equal(await response.text(), "no", "the answer can be read");
        assert.deepEqual(
          [world.service.count("/x"), world.service.count("/auth/token")],
          [requests, requests - 1],
          header,
        );
        assert.equal(client.status, "signed_in");
        world.close();
      }
    }
  }
});

test("where CORS hides the header, a code that is not about the token is not taken for one", async () => {
  for (const [origin, code, requests] of [
    [ORIGIN, "reauthentication_required", 1],
    [API, "reauthentication_required", 1],
    [ORIGIN, "invalid_credentials", 1],
    [ORIGIN, "invalid_token", 2],
    [API, "invalid_token", 2],
    [API, "token_expired", 2],
  ]) {
    const world = new World();
    const { client } = await signedIn(world, { origins: [API] });
    world.service.fault = ({ path }) => (path === "/x" ? problem(401, code) : undefined);
    const response = await world.run(client.fetch(`${origin}/x`));
    assert.equal((await response.json()).code, code, "the answer can be read");
    assert.equal(world.service.count("/x"), requests, `${origin} ${code}`);
    world.close();
  }
});

test("a problem that never ends, or is too long, is handed over", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const type = { status: 401, headers: { "Content-Type": "application/problem+json" } };
  const long = "x".repeat(1 << 20);
  world.service.fault = ({ path }) => (path === "/x" ? new Response(long, type) : undefined);
  assert.equal(await (await world.run(client.fetch(`${ORIGIN}/x`))).text(), long);
  const endless = () => new ReadableStream({ pull: () => new Promise(() => {}) });
  world.service.fault = ({ path }) => (path === "/x" ? new Response(endless(), type) : undefined);
  const abort = new AbortController();
  const call = client.fetch(`${ORIGIN}/x`, { signal: abort.signal }).catch((error) => error);
  await world.advance(1000);
  abort.abort();
  await world.run(call);
  world.close();
});

test("the client's own calls: a proof that is asked for is an error with its code and age", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const answer = (maxAge) =>
    problem(401, "reauthentication_required", { "WWW-Authenticate": PROOF }, { max_age: maxAge });
  for (const [given, read] of [
    [600, 600],
    ["600", undefined],
    [undefined, undefined],
    [1.5, undefined],
  ]) {
    world.service.fault = ({ path }) => (path === "/auth/me" ? answer(given) : undefined);
    const error = await world.fails(client.me());
    assert.deepEqual(
      [error.code, error.status, error.maxAge],
      ["reauthentication_required", 401, read],
    );
  }
  assert.deepEqual(
    [world.service.count("/auth/me"), world.service.count("/auth/token"), client.status],
    [4, 0, "signed_in"],
  );
  world.close();
});
