// Email addresses on the command line.
import { domainToASCII } from "node:url";
import { Advice } from "./advice.js";

// The part before the @. Double quotes, spaces and control characters are not allowed. Outside of
// ASCII, letters, marks, numbers, joiners, and signs that occur inside words are allowed, at any
// place. The service's rules are stricter.
// `\p{Alphabetic}` matches more than `\p{L}`: for example, it also matches letters in circles.
const LOCAL =
  /^(?:[a-z0-9.!#$%&'*+/=?^_`{|}~\p{Alphabetic}\p{M}\p{N}-]|\p{Join_Control}|[\u00b7\u0375\u05f3\u05f4\u06fd\u06fe\u0f0b\u30fb])+$/u;
// Matches white space at the beginning and the end of an address. It matches every character that
// the service or JavaScript's `trim` removes there. Only the service removes U+0085, and only
// `trim` removes U+FEFF.
const AROUND = /^[\p{White_Space}\ufeff]+|[\p{White_Space}\ufeff]+$/gu;
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/**
 * The canonical form of an address, which is used to compare addresses. For an address that the
 * service accepts, it is the same as in crates/token/src/email_address.rs. Throws for most texts
 * that no account can have as its address.
 *
 * @param {string} email
 */
export function canonical(email) {
  const text = email.replace(AROUND, "").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const [local = "", domain = "", ...rest] = text.normalize("NFC").split("@");
  const host = domainToASCII(domain);
  const address = `${local}@${host}`;
  const is = rest.length === 0 && LOCAL.test(local) && DOMAIN.test(host);
  if (!is || Buffer.byteLength(address) > 254)
    throw new Advice(
      `"${email}" can't be used here: write one address, without spaces or double quotes.`,
    );
  return address;
}
