// Describes what the scopes of OpenID Connect allow an app to do.
import { words } from "./words.js";

/** @type {Record<string, string>} */
const KNOWN = {
  openid: words.consent.openid,
  profile: words.consent.profile,
  email: words.consent.email,
  offline_access: words.consent.offline_access,
};

/**
 * What a scope allows. Undefined for a scope of an API, because these pages know only its name.
 *
 * @param {string} scope
 * @returns {string | undefined}
 */
export const allowedBy = (scope) => (Object.hasOwn(KNOWN, scope) ? KNOWN[scope] : undefined);
