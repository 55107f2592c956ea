// A token's header and claims laid out for people. Nothing is believed here: whether they hold is the verifier's business.
import { make } from "./dom.js";

// A token of this service has at most 4 KiB; a little more is still worth a look.
const LONGEST = 16_384;

const HEADER = {
  alg: "How it is signed. The key decides that, never this line.",
  kid: "Which of the published keys signs it.",
  typ: "What it is: at+jwt is an access token (RFC 9068).",
};

const CLAIMS = {
  iss: "Issuer: the service that made it.",
  sub: "Subject: the id of the user it speaks for.",
  aud: "Audience: for whom it is. Others must refuse it.",
  client_id: "The OAuth client that asked for it.",
  exp: "The first second at which it is no longer valid.",
  iat: "When it was issued.",
  nbf: "Not valid before this.",
  auth_time: "When the user last typed the password.",
  jti: "The token’s own id.",
  sid: "The session it belongs to. When that ends, the server says no at once.",
  ver: "The user’s version. When roles, address or password change, the server refuses older ones.",
  roles: "What the user may do.",
  email: "The user’s address.",
  email_verified:
    "Whether the user has shown that the address is theirs. If not, the check by email says no.",
};
const TIMES = ["exp", "iat", "nbf", "auth_time"];

/** The JSON of a token's first two parts, as far as it can be read. */
export function partsOf(token) {
  const [header, claims] = token.length > LONGEST ? [] : token.split(".");
  return { header: decode(header), claims: decode(claims) };
}

function decode(part = "") {
  try {
    const bytes = Uint8Array.from(
      atob(part.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.codePointAt(0),
    );
    const json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return json !== null && typeof json === "object" && !Array.isArray(json) ? json : null;
  } catch {
    return null;
  }
}

export const layOutHeader = (list, header) =>
  layOut(list, header, HEADER, "Not one that this service writes.");
export const layOutClaims = (list, claims) =>
  layOut(list, claims, CLAIMS, "Not one of this service’s claims: it is ignored.");

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

function shown(name, value) {
  if (name === "roles" && Array.isArray(value) && value.length > 0) {
    return value.flatMap((role) => [
      make("span", {
        className: "chip",
        textContent: typeof role === "string" ? role : JSON.stringify(role),
      }),
      " ",
    ]);
  }
  const code = make("code", {
    textContent: typeof value === "string" ? value : JSON.stringify(value),
  });
  const time = TIMES.includes(name) && Number.isInteger(value) ? new Date(value * 1000) : null;
  if (!time || Number.isNaN(time.getTime())) return [code];
  return [
    make("time", { dateTime: time.toISOString(), textContent: time.toLocaleString() }),
    " ",
    code,
  ];
}
