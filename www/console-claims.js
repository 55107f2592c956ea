// Shows the header and the claims of a token, without verifying them. (console-verifier.js verifies
// tokens.)
import { make } from "./dom.js";
import { language, words } from "./words.js";

/** @typedef {Record<string, unknown>} Json A JSON object. */

// Longer texts are not decoded. The tokens of this service have at most 4 KiB. This limit is
// higher, so that the page can also show tokens which the service would reject as too long.
const LONGEST = 16_384;

const HEADER = ["alg", "kid", "typ"];
const CLAIMS = [
  "iss",
  "sub",
  "aud",
  "client_id",
  "exp",
  "iat",
  "nbf",
  "auth_time",
  "jti",
  "sid",
  "ver",
  "roles",
  "email",
  "email_verified",
];
const TIMES = ["exp", "iat", "nbf", "auth_time"];

/**
 * Decodes the first two parts of a token. A part that can't be read is null.
 *
 * @param {string} token
 */
export function partsOf(token) {
  const [header, claims] = token.length > LONGEST ? [] : token.split(".");
  return { header: decode(header), claims: decode(claims) };
}

/** @returns {Json | null} */
function decode(part = "") {
  try {
    const bytes = Uint8Array.from(
      atob(part.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.charCodeAt(0),
    );
    const json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return json !== null && typeof json === "object" && !Array.isArray(json) ? json : null;
  } catch {
    return null;
  }
}

/** @type {(list: HTMLElement, header: Json | null) => void} */
export const layOutHeader = (list, header) =>
  layOut(list, header, HEADER, words.claims.other_header);
/** @type {(list: HTMLElement, claims: Json | null) => void} */
export const layOutClaims = (list, claims) =>
  layOut(list, claims, CLAIMS, words.claims.other_claim);

/**
 * @param {HTMLElement} list
 * @param {Json | null} members
 * @param {string[]} known the names for which there is a text that explains them
 * @param {string} otherwise
 */
function layOut(list, members, known, otherwise) {
  /** @type {Record<string, string>} */
  const meanings = words.claims;
  const rows = Object.entries(members ?? {}).map(([name, value]) => {
    const meaning = known.includes(name) ? meanings[name] : otherwise;
    return make(
      "div",
      {},
      make("dt", {}, make("code", { textContent: name })),
      make("dd", { className: "value" }, ...shown(name, value)),
      make("dd", { className: "soft", textContent: meaning }),
    );
  });
  list.replaceChildren(...rows);
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function shown(name, value) {
  if (name === "roles" && Array.isArray(value) && value.length > 0)
    return value.flatMap((role) => [
      make("span", { className: "chip", textContent: textOf(role) }),
      " ",
    ]);
  const code = make("code", { textContent: textOf(value) });
  const time =
    TIMES.includes(name) && Number.isInteger(value) ? new Date(Number(value) * 1000) : null;
  if (!time || Number.isNaN(time.getTime())) return [code];
  return [
    make("time", { dateTime: time.toISOString(), textContent: time.toLocaleString(language) }),
    " ",
    code,
  ];
}

/** @param {unknown} value */
const textOf = (value) => (typeof value === "string" ? value : JSON.stringify(value));
