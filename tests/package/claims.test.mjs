// The claims that the package returns must have the values that are in the token. This must hold
// for every content of the claims, and both when the platform verifies the signature and when the
// wasm does. The function `expected` below shows the exceptions. For example, the package leaves
// out members that the type `Claims` does not have.
import assert from "node:assert/strict";
import { test } from "node:test";
import { importPackage } from "./package.mjs";
import { goodClaims, newKey, OPTIONS, setOf } from "./tokens.mjs";

/** The members of the type `Claims` in types/index.d.ts. */
const MEMBERS = Object.keys({ ...goodClaims(), nbf: 0 });

/** Returns the claims that the package must return for a token with these claims. */
function expected(text) {
  const { ...all } = JSON.parse(text);
  const claims = Object.fromEntries(
    MEMBERS.filter((name) => Object.hasOwn(all, name)).map((name) => [name, all[name]]),
  );
  const aud = Array.isArray(all.aud) && all.aud.length === 1 ? all.aud[0] : all.aud;
  return { roles: [], email_verified: false, ...claims, aud };
}

/**
 * Reads the claims of a token in four ways, and returns all results: after verifying the token with
 * the platform's WebCrypto; once more, from the verifier's cache; after verifying the token in the
 * wasm; and with `peek`, which does not verify the token.
 */
async function everyWay({ Verifier, peek }, key, token) {
  const verify = async (verifier) => verifier.verify(token);
  const first = await Verifier.fromJwks(setOf(key), OPTIONS);
  const found = [await verify(first), await verify(first), await peek(token)];
  const real = globalThis.crypto;
  Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true });
  try {
    found.push(await verify(await Verifier.fromJwks(setOf(key), OPTIONS)));
  } finally {
    Object.defineProperty(globalThis, "crypto", { value: real, configurable: true });
  }
  return found;
}

/** Returns a random number generator with a seed (mulberry32). So all runs get the same numbers. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PIECES = [
  ...["\0", "\b", "\t", "\n", "\f", "\r", "\u001f", "\u007f", "\u0085", "\u2028", "\u2029"],
  ...['"', "\\", "/", "\\u0041", "{", "}", "[", "]", ",", ":", "'", "<", "&", " "],
  ...["a", "Z", "0", "ä", "ß", "中", "é", "\ufeff", "\uffff", "\ufffd", "😀", "\u{10ffff}"],
  ...["__proto__", "constructor", "toJSON", "null", "true", "1e3"],
];

for (const alg of ["EdDSA", "ES256"]) {
  test(`${alg}: whatever the claims contain, they come out as they went in`, async (t) => {
    const edgegate = await importPackage(t);
    const key = newKey("1", alg);
    const random = randomFrom(1);
    const below = (count) => Math.floor(random() * count);
    const text = (most) =>
      Array.from({ length: 1 + below(most) }, () => PIECES[below(PIECES.length)]).join("");
    // In the JSON, some characters are escaped at random, and the others are left unchanged.
    const quoted = (value) =>
      JSON.stringify(value).replace(/[^\\"]/gu, (character) =>
        random() < 0.1 && !/[\\u0-9a-fbnrt]/.test(character)
          ? [...Array(character.length).keys()]
              .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
              .join("")
          : character,
      );
    for (let round = 0; round < 40; round++) {
      const { aud, roles, email, nbf, auth_time, email_verified, ...needed } = {
        ...goodClaims(),
        nbf: 0,
      };
      const claims = {
        ...needed,
        sub: text(20),
        client_id: text(20),
        jti: text(20),
        sid: text(20),
        ver: [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER][below(4)],
        aud: [aud, [aud], [text(5), aud], [aud, aud]][below(4)],
        ...(random() < 0.5 && { roles: Array.from({ length: below(8) }, () => text(4)) }),
        ...(random() < 0.5 && { email: text(10) }),
        ...(random() < 0.5 && { email_verified: random() < 0.5 }),
        ...(random() < 0.5 && { nbf: below(2) }),
        ...(random() < 0.5 && { auth_time }),
        [`x${text(3)}`]: { deep: [text(3), null, -1.5] },
      };
      const members = Object.entries(claims).map(([name, value]) => {
        const json = JSON.stringify(value);
        return `${quoted(name)}:${typeof value === "string" ? quoted(value) : json}`;
      });
      if (random() < 0.5) members.push('"__proto__":{"roles":["admin"]}');
      const payload = `{${members.join(",")}}`;
      const found = await everyWay(edgegate, key, key.token(payload));
      for (const one of found) assert.deepStrictEqual(one, expected(payload), payload);
    }
  });
}

test("what a page has done to Object.prototype changes no claims", async (t) => {
  const edgegate = await importPackage(t);
  const key = newKey("1");
  const claims = goodClaims();
  const token = key.token(claims);
  const set = [];
  t.after(() => {
    for (const name of MEMBERS) Reflect.deleteProperty(Object.prototype, name);
  });
  for (const name of MEMBERS)
    Object.defineProperty(Object.prototype, name, {
      configurable: true,
      get: () => "of the prototype",
      set: () => set.push(name),
    });
  const found = await everyWay(edgegate, key, token);
  for (const name of MEMBERS) Reflect.deleteProperty(Object.prototype, name);
  for (const one of found) assert.deepStrictEqual(one, claims);
});

test("an integer that JavaScript can't hold exactly is refused, and peek rounds it", async (t) => {
  const { Verifier, peek } = await importPackage(t);
  const key = newKey("1");
  const verifier = await Verifier.fromJwks(setOf(key), OPTIONS);
  const payload = JSON.stringify(goodClaims()).replace('"ver":3', '"ver":18446744073709551615');
  const token = key.token(payload);
  await assert.rejects(verifier.verify(token), { reason: "ver_too_large" });
  assert.equal((await peek(token)).ver, 2 ** 64);
  for (const wrong of ["-0", "3.0", "3e0", "-1", "18446744073709551616"]) {
    const other = key.token(JSON.stringify(goodClaims()).replace('"ver":3', `"ver":${wrong}`));
    await assert.rejects(verifier.verify(other), { reason: "ver_not_integer" }, wrong);
  }
  const half = key.token(JSON.stringify(goodClaims()).replace('"sid":"2"', '"sid":"\\ud800"'));
  await assert.rejects(verifier.verify(half), { reason: "claims_not_json" });
});
