// Tests the rotation of keys: which step is due, and what each step stores.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { before, test } from "node:test";
import { idsIn, signingIds } from "../../npm/edgegate-worker/cli/lib/jwks.js";
import { idleOf, nextStep, rotated } from "../../npm/edgegate-worker/cli/lib/rotation.js";
import { signingKeys, ticketSecret } from "../../npm/edgegate-worker/cli/lib/secrets.js";
import { faultsOf } from "../../scripts/settings/check.mjs";
import { buildPackages } from "../package/package.mjs";

before(buildPackages, { timeout: 600_000 });

const DAY = 86_400;
const IDLE = 30 * DAY;
const NOW = 1_800_000_000;
const kids = (secret) => JSON.parse(secret).keys.map(({ kid }) => kid);
const next = (name, text, done) => nextStep({ name, text, done, idle: IDLE, now: NOW });

test("a key is appended, moved to the front, and the others are dropped", () => {
  const first = signingKeys();
  const added = rotated("SIGNING_KEYS", first, "add");
  const [old, fresh, ...more] = kids(added);
  assert.deepEqual([[old], more], [kids(first), []]);
  const promoted = rotated("SIGNING_KEYS", added, "promote");
  assert.deepEqual(kids(promoted), [fresh, old]);
  assert.deepEqual(kids(rotated("SIGNING_KEYS", promoted, "drop")), [fresh]);
  assert.deepEqual(
    JSON.parse(promoted).keys[1],
    JSON.parse(first).keys[0],
    "nothing of it is lost",
  );
});

/** What the service says about this key set. */
async function faultsIn(SIGNING_KEYS) {
  const values = { SIGNING_KEYS, TICKET_SECRET: ticketSecret() };
  const sources = [{ values, place: () => "here" }];
  const faults = await faultsOf({ sources, bindings: [] });
  return faults.filter(({ setting }) => setting === "SIGNING_KEYS");
}

/** @type {[type: string, key: import("node:crypto").JsonWebKey, alg: string][]} */
const TYPES = [
  ["Ed25519", generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), "EdDSA"],
  [
    "P-256",
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
    "ES256",
  ],
  ["symmetric", { kty: "oct", k: ticketSecret() }, "HS256"],
];
for (const [type, key, alg] of TYPES) {
  test(`a new key has the type of the first: ${type}`, async () => {
    const first = JSON.stringify({ keys: [{ ...key, kid: "old" }] });
    const added = rotated("SIGNING_KEYS", first, "add");
    const [old, fresh] = JSON.parse(added).keys;
    assert.deepEqual(old, { ...key, kid: "old" });
    assert.deepEqual([fresh.kty, fresh.crv, fresh.alg], [key.kty, key.crv, alg]);
    assert.deepEqual(
      Object.keys(key).filter((name) => fresh[name]?.length !== `${key[name]}`.length),
      [],
    );
    // The service reads the secret after each step.
    assert.deepEqual(await faultsIn(added), []);
    assert.deepEqual(await faultsIn(rotated("SIGNING_KEYS", added, "promote")), []);
    assert.notEqual(
      kids(rotated("SIGNING_KEYS", first, "add"))[1],
      kids(added)[1],
      "each has a name of its own",
    );
  });
}

test("the service rejects symmetric keys beside others", async () => {
  const [own] = JSON.parse(signingKeys()).keys;
  const mixed = JSON.stringify({ keys: [{ kty: "oct", k: ticketSecret(), kid: "old" }, own] });
  assert.equal((await faultsIn(mixed)).length, 1);
});

test("a key without kid is named by its thumbprint, as in the service", () => {
  // RFC 8037 appendix A.3, and RFC 7638 section 3.1.
  const okp = {
    kty: "OKP",
    crv: "Ed25519",
    d: "not hashed",
    x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  };
  const secret = JSON.stringify({ keys: [okp, { ...okp, kid: "own" }] });
  assert.deepEqual(idsIn(secret), [
    { kid: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", isPublished: true },
    { kid: "own", isPublished: true },
  ]);
});

test("the RSA keys of ID_TOKEN_KEYS, which are published too, are no SIGNING_KEYS", () => {
  const published = [
    { kid: "signs", kty: "OKP" },
    { kid: "accepted", kty: "EC" },
    { kid: "of id_tokens", kty: "RSA" },
  ];
  assert.deepEqual(signingIds(published), ["signs", "accepted"]);
});

test("a ticket secret rotates in the same way", () => {
  const first = ticketSecret();
  const added = rotated("TICKET_SECRET", first, "add");
  const [old, fresh] = added.split(",");
  assert.equal(old, first);
  const promoted = rotated("TICKET_SECRET", added, "promote");
  assert.equal(promoted, `${fresh},${old}`);
  assert.equal(rotated("TICKET_SECRET", promoted, "drop"), fresh);
});

test("a step that does not fit is refused", () => {
  for (const step of /** @type {const} */ (["promote", "drop"]))
    assert.throws(() => rotated("SIGNING_KEYS", signingKeys(), step), /nothing to/);
  const eight = Array.from({ length: 8 }, ticketSecret).join(",");
  assert.throws(() => rotated("TICKET_SECRET", eight, "add"), /8 values, the most/);
});

test("each step is due when the one before has had its time", () => {
  for (const [name, make, afterPromote] of /** @type {const} */ ([
    ["SIGNING_KEYS", signingKeys, DAY + 3600],
    ["TICKET_SECRET", ticketSecret, DAY + IDLE],
  ])) {
    const one = make();
    assert.deepEqual(next(name, one), { step: "add", from: NOW, isDue: true, isKnown: true });
    const two = rotated(name, one, "add");
    const due = (step, ago) => next(name, two, { step, at: NOW - ago });
    assert.deepEqual([due("add", DAY - 1).step, due("add", DAY - 1).isDue], ["promote", false]);
    assert.deepEqual([due("add", DAY).step, due("add", DAY).isDue], ["promote", true]);
    const early = due("promote", afterPromote - 1);
    assert.deepEqual([early.step, early.isDue], ["drop", false]);
    assert.equal(due("promote", afterPromote).isDue, true);
    const unknown = next(name, two);
    assert.deepEqual([unknown.isDue, unknown.isKnown], [false, false], "nobody knows since when");
  }
});

test("a ticket secret is kept while a mailed link or a session may depend on it", () => {
  const two = `${ticketSecret()},${ticketSecret()}`;
  const dueAfter = (seconds, idle) =>
    nextStep({
      ...{ name: "TICKET_SECRET", text: two, idle, now: NOW },
      done: { step: "promote", at: NOW - seconds },
    }).isDue;
  // An instance of the Worker can use the old value for a day. In the first case, sessions last only
  // ten minutes. Links last a day, so the next step is due only after two days.
  assert.deepEqual([dueAfter(2 * DAY - 1, 600), dueAfter(2 * DAY, 600)], [false, true]);
  assert.deepEqual([dueAfter(DAY + IDLE - 1, IDLE), dueAfter(DAY + IDLE, IDLE)], [false, true]);
  const idle = [
    {},
    { SESSION_TTL: "34560000" },
    { SESSION_TTL: "3600" },
    { SESSION_IDLE_TTL: "7200", SESSION_TTL: "34560000" },
  ].map(idleOf);
  assert.deepEqual(idle, [IDLE, IDLE, 3600, 7200]);
});
