// Verifies the test signatures of the project Wycheproof with the platform's WebCrypto, which the
// package uses. This module runs in Node, in workerd and in Chromium, so it imports no module of
// Node.
import { tally } from "./vectors.mjs";

const KINDS = {
  ES256: {
    algorithm: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
    keyOf: ({ publicKey }) => bytes(publicKey.uncompressed),
    // The signature consists of two numbers, r and s (RFC 7518 section 3.4). Each number is from 1
    // to n - 1 (FIPS 186-5 section 6.4.2).
    hasForm: (signature) => [number(signature, 0), number(signature, 32)].every(isInP256),
  },
  EdDSA: {
    algorithm: { name: "Ed25519" },
    keyOf: ({ publicKey }) => bytes(publicKey.pk),
    // RFC 8032 sections 5.1.3 and 5.1.7: the number y must be below p, and the number S must be
    // below the order of the group.
    hasForm: (signature) => {
      const reversed = signature.slice().reverse();
      const y = number(reversed, 32) & ((1n << 255n) - 1n);
      return y < ED25519_P && number(reversed, 0) < ED25519_ORDER;
    },
  },
};
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ED25519_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;
const ED25519_P = (1n << 255n) - 19n;
const isInP256 = (value) => value > 0n && value < P256_ORDER;

/**
 * Verifies all signatures whose form the package accepts. The package rejects the other signatures
 * before it calls WebCrypto. crates/token/src/vectors_tests.rs tests the rejected ones.
 */
export async function runWycheproof(files) {
  const { counts, wrong, expect } = tally();
  for (const [alg, { testGroups }] of Object.entries(files)) {
    const { algorithm, keyOf, hasForm } = KINDS[alg];
    for (const group of testGroups) {
      /** @type {KeyUsage[]} */
      const usages = ["verify"];
      const key = await crypto.subtle.importKey("raw", keyOf(group), algorithm, false, usages);
      for (const { tcId, msg, sig, result } of group.tests) {
        const signature = bytes(sig);
        if (signature.length !== 64 || !hasForm(signature)) {
          counts.checks += 1;
          continue;
        }
        const isValid = await crypto.subtle.verify(algorithm, key, signature, bytes(msg));
        expect(result, `${alg} ${tcId}`, isValid, result === "valid");
      }
    }
  }
  return { counts, wrong };
}

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Returns the 32 bytes from index `at` as a big-endian number. */
const number = (all, at) =>
  all.slice(at, at + 32).reduce((sum, byte) => (sum << 8n) + BigInt(byte), 0n);
