// Reads the answer to an authorization request from the URL to which the service sent the browser.
import { redirectFailed } from "./problems.js";

const NAMES = /** @type {const} */ (["state", "iss", "code", "error"]);
const ALL = [...NAMES, "error_description", "error_uri"];

/** @typedef {Partial<Record<typeof NAMES[number], string>>} Answer */

/**
 * Whether `url` is the redirect URI, perhaps with additional query parameters.
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
 * Whether `url` contains an answer of the service. A page can use a parameter `code` or `state` for
 * its own purposes. So a URL contains an answer only if it has `state` and also `code` or `error`.
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
 * The parameters of an answer. No parameter may be repeated (RFC 6749 section 3.1), because two
 * programs could read different values of a repeated parameter.
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
 * `url` without the parameters of the answer.
 *
 * @param {URL} url
 */
export function withoutAnswer(url) {
  const clean = new URL(url.href);
  for (const name of ALL) clean.searchParams.delete(name);
  return clean.href;
}
