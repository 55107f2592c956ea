// Reads the answer to an authorization request from the address that the browser was sent to.
import { redirectFailed } from "./problems.js";

const NAMES = /** @type {const} */ (["state", "iss", "code", "error"]);
const ALL = [...NAMES, "error_description", "error_uri"];

/** @typedef {Partial<Record<typeof NAMES[number], string>>} Answer */

/**
 * Whether `url` is the redirect URI, perhaps with more parameters.
 *
 * @param {URL} url
 * @param {URL} redirectUri
 */
export function isAt(url, redirectUri) {
  const isSame = url.origin === redirectUri.origin && url.pathname === redirectUri.pathname;
  const own = [...redirectUri.searchParams];
  return isSame && own.every(([name, value]) => url.searchParams.getAll(name).includes(value));
}

/**
 * Whether the address of the page is an answer. A page may use `code` or `state` for itself, so it
 * must have both, or an error.
 *
 * @param {URL} url
 * @param {URL} redirectUri
 */
export function isAnswer(url, redirectUri) {
  const { searchParams } = url;
  const answers = searchParams.has("code") || searchParams.has("error");
  return isAt(url, redirectUri) && searchParams.has("state") && answers;
}

/**
 * The parameters of an answer. No parameter may be repeated (RFC 6749 section 3.1): two programs
 * could read different ones.
 *
 * @param {URL} url
 * @returns {Answer}
 */
export function readAnswer({ searchParams }) {
  /** @type {Answer} */
  const answer = {};
  for (const name of NAMES) {
    const values = searchParams.getAll(name);
    if (values.length > 1)
      throw redirectFailed("repeated_parameter", `the answer has the parameter ${name} twice`);
    if (values.length === 1) answer[name] = values[0];
  }
  return answer;
}

/**
 * The address without the answer.
 *
 * @param {URL} url
 */
export function withoutAnswer(url) {
  const clean = new URL(url.href);
  for (const name of ALL) clean.searchParams.delete(name);
  return clean.href;
}
