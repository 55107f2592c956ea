// Shows the header and the claims of a token. Nothing here is verified: the verifier does that.
import { make } from "./dom.js";

/** @typedef {Record<string, unknown>} Json A JSON object. */

// A token of this service has at most 4 KiB. A slightly longer one is shown too.
const LONGEST = 16_384;

/** @type {Record<string, string>} */
const HEADER = {
  alg: "The algorithm of the signature. The key decides which one is used, never this value.",
  kid: "The published key that signs the token.",
  typ: "The kind of token: at+jwt is an access token (RFC 9068).",
};

/** @type {Record<string, string>} */
const CLAIMS = {
  iss: "Issuer: the service that issued the token.",
  sub: "Subject: the id of the user.",
  aud: "Audience: who the token is for. Others must reject it.",
  client_id: "The OAuth client that asked for the token.",
  exp: "The first second in which the token is no longer valid.",
  iat: "When the token was issued.",
  nbf: "The token is not valid before this time.",
  auth_time: "When the user last typed the password.",
  jti: "The token’s own id.",
  sid: "The session of the token. When the session ends, the server rejects the token at once.",
  ver: "The version of the user. It grows when the roles, address or password change. The server rejects tokens with an older version.",
  roles: "What the user may do.",
  email: "The user’s address.",
  email_verified:
    "Whether the user has proved that the address is theirs. If not, the check by address says no.",
};
const TIMES = ["exp", "iat", "nbf", "auth_time"];

/**
 * The JSON of the first two parts of a token. Null for a part that can't be read.
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
  layOut(list, header, HEADER, "This service never writes this member.");
/** @type {(list: HTMLElement, claims: Json | null) => void} */
export const layOutClaims = (list, claims) =>
  layOut(list, claims, CLAIMS, "This service has no such claim: it is ignored.");

/**
 * @param {HTMLElement} list
 * @param {Json | null} members
 * @param {Record<string, string>} meanings
 * @param {string} otherwise
 */
function layOut(list, members, meanings, otherwise) {
  const rows = Object.entries(members ?? {}).map(([name, value]) => {
    const meaning = Object.hasOwn(meanings, name) ? meanings[name] : otherwise;
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
    make("time", { dateTime: time.toISOString(), textContent: time.toLocaleString() }),
    " ",
    code,
  ];
}

/** @param {unknown} value */
const textOf = (value) => (typeof value === "string" ? value : JSON.stringify(value));
