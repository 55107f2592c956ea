// Texts that tell the user what each scope of OpenID Connect allows an app to do.
import { words } from "./words.js";

/** @type {Record<string, string>} */
const KNOWN = {
  openid: words.consent.openid,
  profile: words.consent.profile,
  email: words.consent.email,
  offline_access: words.consent.offline_access,
};

/**
 * A text that says what a scope allows. It is undefined for the scope of an API, because these
 * pages know only the name of such a scope.
 *
 * @param {string} scope
 * @returns {string | undefined}
 */
export const allowedBy = (scope) => (Object.hasOwn(KNOWN, scope) ? KNOWN[scope] : undefined);
