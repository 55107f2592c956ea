// Makes the secrets of a round trip to the service, and the `code_challenge` of PKCE (RFC 7636).
import { encodeText } from "../text.js";
import { redirectFailed } from "./problems.js";

const RANDOM_BYTES = 32;

/** 256 random bits in base64url. */
export function randomText() {
  return base64url(webCrypto().getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

/**
 * The `code_challenge` for a `code_verifier`, with the method S256.
 *
 * @param {string} verifier
 */
export async function challengeOf(verifier) {
  const hash = await webCrypto().subtle.digest("SHA-256", encodeText(verifier));
  return base64url(new Uint8Array(hash));
}

function webCrypto() {
  const { crypto } = globalThis;
  if (!crypto?.subtle)
    throw redirectFailed(
      "no_web_crypto",
      "this page can't sign in by redirect, because it has no WebCrypto: serve it over https",
    );
  return crypto;
}

/** @param {Uint8Array} bytes */
const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
