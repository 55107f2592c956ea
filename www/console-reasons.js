// Why a token was refused, in words. The reasons are those of crates/token/src/error.rs.

const SENTENCES = {
  token_too_long: "It is longer than 4 KiB: a token of this service never is.",
  bad_character:
    "It has a character that no token has. Is there a space, a quote or a line break in it, or “Bearer” before it?",
  not_three_parts: "A token has three parts with two dots between them. Was all of it copied?",
  alg_unsupported:
    "It is signed in a way that this service does not know. “none” is never accepted.",
  crit: "Its header asks for an extension (crit), and none is understood.",
  b64: "Its header has b64, which a JWT must not use.",
  embedded_key:
    "Its header brings its own key, or points to one. Keys come from the service alone.",
  cty: "Its header says that another token is inside: those are not read.",
  typ_missing: "Its header does not say that it is an access token (typ).",
  typ_wrong:
    "It is another kind of token: the header’s typ is not at+jwt. An ID token or a refresh token is no access token.",
  kid_missing: "Its header does not say which key signs it (kid), and there are several.",
  kid_unknown:
    "None of this service’s public keys has its kid. It is from another service, its key was withdrawn, or the key is a secret " +
    "one (HS256), which only the server can check.",
  alg_not_the_keys: "Its alg is not that of the key it names: such a token is forged or broken.",
  signature_length: "Its signature does not have the right length. Was all of it copied?",
  signature_invalid:
    "The signature does not match: the token was altered, or another key signed it.",
  exp_not_after_iat: "It expires before it was issued.",
  life_too_long: "It lives longer than any token of this service does.",
  iss_wrong: "It is from another issuer than the one expected.",
  aud_wrong: "It is for another audience than the one expected.",
  expired: "It has expired. Renew it with the refresh token, or sign in again.",
  iat_in_future: "It was issued in the future. Is the clock of this device right?",
  nbf_in_future: "It is not valid yet. Is the clock of this device right?",
};

const FAULTS = {
  missing: "is missing",
  empty: "is empty",
  not_string: "is not a text",
  not_strings: "is not a list of texts",
  not_integer: "is not a whole number",
  not_boolean: "is neither true nor false",
  too_large: "is too large",
  too_long: "is too long",
  too_many: "are too many",
  base64: "is not clean base64url. Was all of it copied?",
  not_utf8: "is not UTF-8",
  byte_order_mark: "begins with a byte order mark",
  not_json: "is not JSON",
  not_object: "is not a JSON object",
  duplicate_member: "says the same thing twice",
  too_deep: "is nested too deeply",
};

/** A sentence for the reason of an `invalid_token`. */
export function reasonInWords(reason = "", { issuer, audience } = {}) {
  if (reason === "iss_wrong") return `${SENTENCES[reason]} Expected: ${issuer}`;
  if (reason === "aud_wrong") return `${SENTENCES[reason]} Expected: ${audience}`;
  if (Object.hasOwn(SENTENCES, reason)) return SENTENCES[reason];
  for (const [end, words] of Object.entries(FAULTS)) {
    if (reason.endsWith(`_${end}`))
      return `${subjectOf(reason.slice(0, -end.length - 1))} ${words.replace(/([^.?])$/, "$1.")}`;
  }
  return "It is not a token of this service.";
}

const PARTS = {
  header: "The header",
  claims: "The second part, with the claims,",
  signature: "The signature",
  role: "A role",
  roles: "The roles",
};
const subjectOf = (name) => (Object.hasOwn(PARTS, name) ? PARTS[name] : `“${name}”`);

const SIGNATURE = [
  "kid_missing",
  "kid_unknown",
  "alg_not_the_keys",
  "signature_length",
  "signature_invalid",
];
const FORM =
  /^(token_too_long|bad_character|not_three_parts|header_.*|alg_(missing|not_string|unsupported)|crit|b64|embedded_key|cty|kid_(not_string|too_long)|typ_.*|claims_base64|signature_base64)$/;

/** The three steps of the verifier in their order, and at which one a token with this reason was refused; none: it passed. */
export function stepsOf(reason) {
  const failed = reason === null ? 3 : FORM.test(reason) ? 0 : SIGNATURE.includes(reason) ? 1 : 2;
  return [
    ["Form", "three parts, a header that is allowed"],
    ["Signature", "by one of the published keys"],
    ["Claims", "issuer, audience, times"],
  ].map(([name, text], i) => ({
    name,
    text,
    state: i < failed ? "good" : i === failed ? "bad" : "unknown",
  }));
}
