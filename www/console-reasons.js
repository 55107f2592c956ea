// Why a token was rejected, in sentences. The reasons come from crates/token/src/error.rs.

/** @type {Record<string, string>} */
const SENTENCES = {
  token_too_long: "It is longer than 4 KiB. No token of this service is.",
  bad_character:
    "It has a character that a token never has. Is there a space, a quote or a line break in it, or “Bearer” before it?",
  not_three_parts:
    "It does not have three parts, separated by two dots. Was the whole token copied?",
  alg_unsupported:
    "Its signature has an algorithm that this service does not use. “none” is never accepted.",
  crit: "Its header requires an extension (crit). The service supports none.",
  b64: "Its header has b64, which is forbidden in a JWT.",
  embedded_key:
    "Its header contains a key, or the address of one. Only keys of the service itself are used.",
  cty: "Its header says that it contains another token. Such tokens are not read.",
  typ_missing: "Its header does not say that it is an access token (typ).",
  typ_wrong:
    "It is another kind of token: the header’s typ is not at+jwt. An ID token or a refresh token is not an access token.",
  kid_missing: "Its header does not say which key signs it (kid), and there are several keys.",
  kid_unknown:
    "None of the public keys of this service has its kid. Either another service issued it, or its key was removed, or its key is " +
    "secret (HS256): then only the server can check it.",
  alg_not_the_keys:
    "Its alg is not the algorithm of the key that it names. Such a token is forged or damaged.",
  signature_length: "Its signature does not have the right length. Was the whole token copied?",
  signature_invalid:
    "The signature does not match: the token was changed, or another key signed it.",
  exp_not_after_iat: "It expires before it was issued.",
  life_too_long: "It is valid for longer than any token of this service.",
  iss_wrong: "It has another issuer than expected.",
  aud_wrong: "It is for another audience than expected.",
  expired: "It has expired. Renew it with the refresh token, or sign in again.",
  iat_in_future: "It was issued in the future. Is the clock of this device right?",
  nbf_in_future: "It is not valid yet. Is the clock of this device right?",
};

/** Ends of reasons. What is before the end is the name of a member, as in `email_missing`. */
const FAULTS = {
  missing: "is missing",
  empty: "is empty",
  not_string: "is not a text",
  not_strings: "is not a list of texts",
  not_integer: "is not a whole number",
  not_boolean: "is neither true nor false",
  too_large: "is too large",
  too_long: "is too long",
  too_many: "has too many entries",
  base64: "is not valid base64url. Was the whole token copied?",
  not_utf8: "is not UTF-8",
  byte_order_mark: "begins with a byte order mark",
  not_json: "is not JSON",
  not_object: "is not a JSON object",
  duplicate_member: "has two members with the same name",
  too_deep: "is nested too deeply",
};

/**
 * A sentence for the reason of an `invalid_token`.
 *
 * @param {string} [reason]
 * @param {{issuer?: string, audience?: string}} [expected]
 */
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

/** @type {Record<string, string>} */
const PARTS = {
  header: "The header",
  claims: "The second part, with the claims,",
  signature: "The signature",
  role: "A role",
  roles: "The list of roles",
};
/** @param {string} name */
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

/**
 * The three steps of the verifier in their order, and at which one it rejected a token.
 *
 * @param {string | null} [reason] Null if the token is valid.
 */
export function stepsOf(reason = "") {
  const failed = reason === null ? 3 : FORM.test(reason) ? 0 : SIGNATURE.includes(reason) ? 1 : 2;
  return [
    { name: "Form", text: "three parts, an accepted header" },
    { name: "Signature", text: "by one of the published keys" },
    { name: "Claims", text: "issuer, audience, times" },
  ].map((step, i) => ({
    ...step,
    state: i < failed ? "good" : i === failed ? "bad" : "unknown",
  }));
}
