// Sentences that explain why a token was rejected. crates/token/src/error.rs defines the reasons.
import { fill, words } from "./words.js";

/** @type {Record<string, string>} */
const SENTENCES = words.reasons;
/**
 * Sentences for reasons that consist of two parts. The first part is the name of a member, and the
 * second part is a key of this object. For example, the reason `email_missing` has the key
 * `missing`.
 *
 * @type {Record<string, string>}
 */
const FAULTS = words.faults;
/** @type {Record<string, string>} */
const SUBJECTS = words.subjects;

/**
 * A sentence that explains the reason of an error with the code `invalid_token`.
 *
 * @param {string} [reason]
 * @param {{issuer?: string, audience?: string}} [expected]
 */
export function reasonInWords(reason = "", { issuer = "", audience = "" } = {}) {
  if (Object.hasOwn(SENTENCES, reason)) return fill(SENTENCES[reason], { issuer, audience });
  const end = Object.keys(FAULTS).find((end) => reason.endsWith(`_${end}`));
  if (end === undefined) return SENTENCES.unknown;
  return fill(FAULTS[end], { what: subjectOf(reason.slice(0, -end.length - 1)) });
}

/** @param {string} name */
const subjectOf = (name) =>
  name !== "member" && Object.hasOwn(SUBJECTS, name)
    ? SUBJECTS[name]
    : fill(SUBJECTS.member, { name });

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
 * The three steps of the verifier in the order in which they run, each with its state. If a step
 * has failed, its state is "bad", and the steps after it did not run.
 *
 * @param {string | null} [reason] Null if the token is valid.
 */
export function stepsOf(reason = "") {
  const failed = reason === null ? 3 : FORM.test(reason) ? 0 : SIGNATURE.includes(reason) ? 1 : 2;
  return [
    { name: words.console.step_form, text: words.console.step_form_text },
    { name: words.console.step_signature, text: words.console.step_signature_text },
    { name: words.console.step_claims, text: words.console.step_claims_text },
  ].map((step, i) => ({
    ...step,
    state: i < failed ? "good" : i === failed ? "bad" : "unknown",
  }));
}
