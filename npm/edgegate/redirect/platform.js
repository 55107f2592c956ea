// The parts of the browser that signing in by redirect uses, in addition to those of
// client/platform.js.
/** @import { RedirectPlatform as DeclaredPlatform } from "../types/redirect.d.ts" */
/** @import { Platform } from "../client/platform.js" */
import { platform } from "../client/platform.js";

/** @typedef {DeclaredPlatform & Platform} RedirectPlatform */

/**
 * @param {Partial<DeclaredPlatform>} given
 * @returns {RedirectPlatform}
 */
export function redirectPlatform(given = {}) {
  const g = globalThis;
  return {
    location: g.location ?? null,
    history: g.history ?? null,
    sessionStorage: sessionStorageOf(),
    // If this page is in a frame, and the outer page is on another origin, the browser lets this
    // page compare `top`, but not read the members of `top`.
    isFramed: g.window !== undefined && g.window.top !== g.window.self,
    isOnline: () => g.navigator?.onLine !== false,
    ...platform(given),
  };
}

/** If the user blocks site data, reading `sessionStorage` throws. */
function sessionStorageOf() {
  try {
    return globalThis.document ? (globalThis.sessionStorage ?? null) : null;
  } catch {
    return null;
  }
}
