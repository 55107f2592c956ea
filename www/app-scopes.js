// What the scopes of OpenID Connect allow an app, in words.
import { words } from "./words.js";

/** @type {Record<string, string>} */
const KNOWN = {
  openid: words.consent.openid,
  profile: words.consent.profile,
  email: words.consent.email,
  offline_access: words.consent.offline_access,
};

/**
 * What a scope allows; undefined for a scope of a resource, which only its own name describes.
 *
 * @param {string} scope
 * @returns {string | undefined}
 */
export const allowedBy = (scope) => (Object.hasOwn(KNOWN, scope) ? KNOWN[scope] : undefined);
