// Tests attacks on an app whose users sign in by a redirect to the service and back. The attackers
// send the app answers that it has not requested, answers of other services, codes of other people,
// and id_tokens for other apps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, BOB, ISSUER, pairFor, REDIRECT_URI } from "./issuer.mjs";
import { HOME, RedirectWorld, replaced } from "./redirect-world.mjs";

/**
 * Begins a sign-in. Returns the tab, and the address to which the service would redirect the
 * browser with the correct answer.
 */
async function begun(world) {
  const tab = world.open();
  tab.leave(tab.client.signInWithRedirect());
  await world.settle();
  return { tab, answer: new URL(world.issuer.authorize(tab.page.left, { user: ADA })) };
}

/** Loads an address in the tab. The sign-in must fail with this code and this reason. */
async function rejects(world, tab, href, [code, reason]) {
  tab.load(String(href));
  const error = await world.fails(tab.client.handleRedirect());
  assert.deepEqual([error.code, error.reason], [code, reason], String(href));
  assert.equal(tab.client.user, null);
  assert.ok(!/[?&](code|state)=/.test(tab.page.href), "the answer is not left in the address");
}

const ANSWERS = /** @type {Record<string, [(answer: URL) => void, string]>} */ ({
  "a state that nobody has made": [
    ({ searchParams }) => searchParams.set("state", "A".repeat(43)),
    "state_unknown",
  ],
  "an empty state": [({ searchParams }) => searchParams.set("state", ""), "state_unknown"],
  "a state in another case": [
    ({ searchParams }) =>
      searchParams.set("state", (searchParams.get("state") ?? "").toUpperCase()),
    "state_unknown",
  ],
  "two states": [({ searchParams }) => searchParams.append("state", "x"), "repeated_parameter"],
  "two codes": [({ searchParams }) => searchParams.append("code", "x"), "repeated_parameter"],
  "two issuers": [({ searchParams }) => searchParams.append("iss", ISSUER), "repeated_parameter"],
  "no issuer": [({ searchParams }) => searchParams.delete("iss"), "iss_missing"],
  "another issuer (mix-up)": [
    ({ searchParams }) => searchParams.set("iss", "https://attacker.example"),
    "iss_wrong",
  ],
  "the issuer with a slash": [
    ({ searchParams }) => searchParams.set("iss", `${ISSUER}/`),
    "iss_wrong",
  ],
  "an error of another issuer": [
    ({ searchParams }) => {
      searchParams.set("iss", "https://attacker.example");
      searchParams.set("error", "access_denied");
    },
    "iss_wrong",
  ],
  "an empty code": [({ searchParams }) => searchParams.set("code", ""), "code_missing"],
});
for (const [what, [change, reason]] of Object.entries(ANSWERS)) {
  test(`an answer with ${what}`, async () => {
    const world = new RedirectWorld();
    const { tab, answer } = await begun(world);
    change(answer);
    await rejects(world, tab, answer, ["redirect_failed", reason]);
    assert.equal(world.issuer.count("/auth/token"), 0);
    world.close();
  });
}

test("an answer that another tab has asked for (login CSRF)", async () => {
  const world = new RedirectWorld();
  const { answer } = await begun(world);
  const other = world.open();
  await rejects(world, other, answer, ["redirect_failed", "state_unknown"]);
  world.close();
});

test("somebody else's code, injected with the right state", async () => {
  const world = new RedirectWorld();
  const [mine, theirs] = [await begun(world), await begun(world)];
  mine.answer.searchParams.set("code", theirs.answer.searchParams.get("code") ?? "");
  await rejects(world, mine.tab, mine.answer, ["invalid_grant", undefined]);
  world.close();
});

test("an answer after more than two hours", async () => {
  const world = new RedirectWorld();
  const { tab, answer } = await begun(world);
  await world.sleep(2 * 3600_000 + 1);
  await rejects(world, tab, answer, ["redirect_failed", "state_unknown"]);
  world.close();
});

test("session storage that somebody has written to", async () => {
  const world = new RedirectWorld();
  const { tab, answer } = await begun(world);
  const [[key, text]] = [...tab.stored];
  for (const written of ["", "{", "5", "null", "[null]", '[{"state":5}]', '{"length":1}']) {
    tab.stored.set(key, written);
    await rejects(world, tab, answer, ["redirect_failed", "state_unknown"]);
  }
  const [trip] = JSON.parse(text);
  tab.stored.set(key, JSON.stringify([{ ...trip, returnTo: "https://attacker.example/" }]));
  await rejects(world, tab, answer, ["invalid_argument", undefined]);
  assert.equal(tab.page.href, REDIRECT_URI);
  world.close();
});

test("an address that is not the redirect URI", async () => {
  const world = new RedirectWorld();
  const { tab, answer } = await begun(world);
  for (const other of [
    "https://attacker.example/callback",
    "https://app.example.com/other",
    "https://app.example.com/callback/",
    "http://app.example.com/callback",
  ]) {
    const error = await world.fails(tab.client.handleRedirect(`${other}${answer.search}`));
    assert.deepEqual([error.code, error.reason], ["redirect_failed", "not_the_redirect_uri"]);
  }
  const error = await world.fails(
    tab.client.handleRedirect(/** @type {any} */ ({ toString: null })),
  );
  assert.equal(error.code, "invalid_argument");
  world.close();
});

const ELSEWHERE = [
  "https://attacker.example/",
  "//attacker.example/",
  "/\\attacker.example/",
  "\\\\attacker.example",
  "https:attacker.example",
  "https://app.example.com@attacker.example/",
  "https://app.example.com.attacker.example/",
  "http://app.example.com/",
  "https://app.example.com:8443/",
  "javascript:alert(1)",
  "data:text/html,x",
  "blob:https://app.example.com/x",
  "https://user:password@app.example.com/",
];
test("returnTo never leads to another site", async () => {
  const world = new RedirectWorld();
  const tab = world.open();
  for (const returnTo of ELSEWHERE.filter((one) => one !== "https:attacker.example")) {
    const error = await world.fails(tab.client.signInWithRedirect({ returnTo }));
    assert.equal(error.code, "invalid_argument", returnTo);
  }
  assert.equal(tab.page.left, undefined);
  // The path of this address begins with two slashes. If `returnTo` were this path, a browser would
  // take it as an address on another host.
  const result = await tab.signIn({ returnTo: "https://app.example.com//attacker.example/x?y#z" });
  assert.equal(result?.returnTo, "/attacker.example/x?y#z");
  // This address has no slashes after the scheme. A browser resolves such an address relative to
  // the page.
  const relative = await world.open().signIn({ returnTo: "https:attacker.example" });
  assert.equal(relative?.returnTo, "/attacker.example");
  world.close();
});

const later =
  (name, seconds) =>
  ({ claims }) => {
    claims[name] += seconds;
  };
// Returns a function that changes a claim of the id_token. If the value is `undefined`, the claim
// is removed, because JSON leaves it out.
const claim =
  (name, value) =>
  ({ claims }) => {
    claims[name] = value;
  };
const head =
  (name, value) =>
  ({ header }) => {
    header[name] = value;
  };
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

const ID_TOKENS = /** @type {Record<string, [import("./issuer.mjs").Issuer["forge"], string]>} */ ({
  "of another issuer": [claim("iss", "https://attacker.example"), "iss_wrong"],
  "of another client": [claim("aud", "other"), "aud_wrong"],
  "for two clients": [claim("aud", ["spa", "other"]), "aud_wrong"],
  "for nobody": [claim("aud", undefined), "aud_wrong"],
  "that another client has asked for": [claim("azp", "other"), "azp_wrong"],
  "with another nonce": [claim("nonce", "x"), "nonce_wrong"],
  "without a nonce": [claim("nonce", undefined), "nonce_wrong"],
  "that has expired": [later("exp", -600), "expired"],
  "that never expires": [claim("exp", undefined), "expired"],
  "with a text as time": [
    ({ claims }) => {
      claims.exp = `${claims.exp}`;
    },
    "expired",
  ],
  "from the future": [later("iat", 120), "iat_in_future"],
  "of another user than the access token": [claim("sub", BOB.id), "sub_wrong"],
  "without a user": [claim("sub", undefined), "sub_missing"],
  "without a signature, alg none": [
    ({ header, claims }) => `${encode({ ...header, alg: "none" })}.${encode(claims)}.`,
    "not_three_parts",
  ],
  "with any signature, alg none": [
    ({ header, claims }) => `${encode({ ...header, alg: "none" })}.${encode(claims)}.AAAA`,
    "alg_unsupported",
  ],
  "signed with the public key as a secret, HS256": [head("alg", "HS256"), "alg_unsupported"],
  "whose alg is that of another key": [head("alg", "ES256"), "kid_unknown"],
  "whose alg is no text": [head("alg", ["EdDSA"]), "alg_unsupported"],
  "of an unknown key": [head("kid", "2"), "kid_unknown"],
  "without a kid": [head("kid", undefined), "kid_missing"],
  "that is an access token": [head("typ", "at+jwt"), "typ_wrong"],
  "with an extension that must be known": [head("crit", ["b64"]), "crit"],
  "signed by another key": [
    async (draft) => {
      draft.signer = await otherPair();
    },
    "signature_invalid",
  ],
  "that is no JWT": [() => "x", "not_three_parts"],
  "whose parts are no JSON": [() => "AAAA.AAAA.AAAA", "not_json"],
  "that is too long": [() => `${"A".repeat(9000)}.A.A`, "not_three_parts"],
});

async function otherPair() {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  return /** @type {CryptoKeyPair} */ (pair);
}

for (const [what, [forge, reason]] of Object.entries(ID_TOKENS)) {
  test(`an id_token ${what}`, async () => {
    const world = new RedirectWorld();
    const { tab, answer } = await begun(world);
    world.issuer.forge = forge;
    await rejects(world, tab, answer, ["invalid_id_token", reason]);
    assert.deepEqual([...world.storage], []);
    world.close();
  });
}

for (const alg of ["EdDSA", "ES256", "RS256"]) {
  test(`${alg}: the right id_token, and one whose signature has one other bit`, async () => {
    const world = new RedirectWorld();
    world.issuer.alg = alg;
    assert.equal((await world.open().signIn())?.user?.email, ADA.email);
    const { tab, answer } = await begun(world);
    world.issuer.change = (body) => {
      const [head, claims, signature] = body.id_token.split(".");
      const bytes = Buffer.from(signature, "base64url");
      bytes[5] ^= 1;
      body.id_token = `${head}.${claims}.${bytes.toString("base64url")}`;
    };
    await rejects(world, tab, answer, ["invalid_id_token", "signature_invalid"]);
    world.close();
  });
}

test("a key set with a private key, with a secret, and with two keys of one name", async () => {
  const pair = await pairFor("EdDSA");
  const { d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const [mine] = (await new RedirectWorld().issuer.jwks()).keys;
  for (const [keys, error] of /** @type {const} */ ([
    [[{ ...mine, d }], ["invalid_key_set", "private_member"]],
    [
      [mine, { kty: "oct", k: "c2VjcmV0" }],
      ["invalid_key_set", "symmetric_in_public_set"],
    ],
    [
      [mine, mine],
      ["invalid_id_token", "kid_unknown"],
    ],
    [[{ ...mine, use: "enc" }], ["invalid_id_token", "kid_unknown"]],
    [[{ ...mine, x: "AAAA" }], ["invalid_id_token", "kid_unknown"]],
    [[null, mine], null],
  ])) {
    const world = new RedirectWorld();
    const { tab, answer } = await begun(world);
    world.issuer.fault = ({ path }) =>
      path === "/.well-known/jwks.json" ? Response.json({ keys }) : undefined;
    if (error) await rejects(world, tab, answer, /** @type {any} */ (error));
    else {
      tab.load(answer.href);
      assert.equal((await world.run(tab.client.handleRedirect()))?.user?.email, ADA.email);
    }
    world.close();
  }
});

test("a browser that does not know Ed25519 relies on TLS, for nothing but that", async (t) => {
  t.after(() => delete replaced.importKey);
  const world = new RedirectWorld();
  const fail = (name) => () => Promise.reject(new DOMException("no", name));
  replaced.importKey = fail("NotSupportedError");
  assert.equal((await world.open().signIn())?.user?.email, ADA.email);
  const one = await begun(world);
  world.issuer.forge = claim("aud", "other");
  await rejects(world, one.tab, one.answer, ["invalid_id_token", "aud_wrong"]);
  world.issuer.forge = () => {};
  replaced.importKey = fail("DataError");
  const two = await begun(world);
  await rejects(world, two.tab, two.answer, ["invalid_id_token", "kid_unknown"]);
  world.issuer.alg = "ES256";
  replaced.importKey = fail("NotSupportedError");
  const three = await begun(world);
  await rejects(world, three.tab, three.answer, ["invalid_id_token", "kid_unknown"]);
  world.close();
});

test("maxAge and prompt=login: a proof that is too old, and none", async () => {
  for (const request of [{ maxAge: 60 }, { prompt: "login" }, { prompt: "consent login" }]) {
    const world = new RedirectWorld();
    const old = world.open();
    old.leave(old.client.signInWithRedirect(request));
    await world.settle();
    world.issuer.forge = later("auth_time", -600);
    const answer = world.issuer.authorize(old.page.left, { user: ADA });
    await rejects(world, old, answer, ["invalid_id_token", "auth_time_too_old"]);
    const none = world.open();
    none.leave(none.client.signInWithRedirect(request));
    await world.settle();
    world.issuer.forge = claim("auth_time", undefined);
    const second = world.issuer.authorize(none.page.left, { user: ADA });
    await rejects(world, none, second, ["invalid_id_token", "auth_time_too_old"]);
    world.issuer.forge = () => {};
    assert.equal((await world.open().signIn(request))?.user?.email, ADA.email);
    world.close();
  }
});

test("a device whose clock is a day late or early signs in all the same", async () => {
  for (const skew of [-86_400_000, 86_400_000]) {
    const world = new RedirectWorld();
    world.skew = skew;
    const tab = world.open();
    assert.equal((await tab.signIn())?.user?.email, ADA.email);
    await world.advance(1_300_000);
    assert.equal(tab.client.status, "signed_in");
    assert.deepEqual(tab.page.events, ["signed-in", "renewed", "renewed"]);
    world.close();
  }
});

test("an answer of the token endpoint that is not the service's", async () => {
  for (const change of [
    (body) => delete body.access_token,
    (body) => (body.access_token = "opaque"),
    (body) => (body.token_type = "DPoP"),
    (body) => delete body.token_type,
    (body) => {
      const [head, claims, signature] = body.access_token.split(".");
      const other = {
        ...JSON.parse(`${Buffer.from(claims, "base64url")}`),
        iss: "https://x.example",
      };
      body.access_token = `${head}.${encode(other)}.${signature}`;
    },
  ]) {
    const world = new RedirectWorld();
    const { tab, answer } = await begun(world);
    world.issuer.change = change;
    await rejects(world, tab, answer, ["network_error", undefined]);
    world.close();
  }
});

test("a page in a frame does not leave it", async () => {
  const world = new RedirectWorld();
  const tab = world.open(HOME, { platform: { isFramed: true } });
  const error = await world.fails(tab.client.signInWithRedirect());
  assert.deepEqual([error.code, error.reason], ["redirect_failed", "in_frame"]);
  assert.equal(tab.page.left, undefined);
  world.close();
});

test("a browser that stores nothing", async () => {
  const world = new RedirectWorld();
  const full = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  const throwing = { getItem: full, setItem: full, removeItem: full };
  for (const sessionStorage of [null, throwing]) {
    const tab = world.open(HOME, { platform: { sessionStorage, storage: sessionStorage } });
    const error = await world.fails(tab.client.signInWithRedirect());
    assert.deepEqual([error.code, error.reason], ["redirect_failed", "no_storage"]);
    assert.equal(tab.page.left, undefined);
    assert.equal(await world.run(tab.client.ready()), null);
  }
  world.close();
});
