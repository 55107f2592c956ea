// Checks the claims of a token that has already been verified. The rules are the same as in
// crates/token/src/authorize.rs. The tests in tests/agreement compare the results of both files.
/** @import { Claims, UnverifiedClaims } from "./types/index.d.ts" */
import { invalidArgument, readArgument, readList } from "./argument.js";
import { ROLES_ASKED_MAX } from "./generated.js";

/**
 * @type {WeakSet<object>} Claims that `peek` has returned. They are not verified, so anybody could
 *   have written them.
 */
const unverified = new WeakSet();

/**
 * @param {Claims} claims
 * @returns {UnverifiedClaims}
 */
export function markUnverified(claims) {
  unverified.add(claims);
  return /** @type {UnverifiedClaims} */ (claims);
}

/**
 * Whether the claims have at least one of the `roles`. False if `roles` is empty.
 *
 * @param {Claims} claims
 * @param {readonly string[]} roles The result of `readRoles`.
 */
export const hasAnyRole = ({ roles: held }, roles) => roles.some((role) => held.includes(role));

/**
 * @param {Claims} claims
 * @param {string | undefined} canonical The email address to look for, in its canonical form.
 *   Undefined if the text that the caller passed in is not an email address.
 */
export const hasVerifiedEmail = ({ email, email_verified }, canonical) =>
  email_verified === true && canonical !== undefined && email === canonical;

/**
 * Returns a copy of the claims that has only the members which the checks read. Throws if `peek`
 * has returned these claims, or if `sub`, `roles` or `email_verified` has the wrong type.
 *
 * @param {unknown} claims
 * @returns {Claims}
 */
export function readClaims(claims) {
  return readArgument("claims", () => {
    if (typeof claims !== "object" || claims === null || unverified.has(claims)) throw notClaims();
    const { sub, roles, email, email_verified } = /** @type {Partial<Claims>} */ (claims);
    if (typeof sub !== "string" || !Array.isArray(roles) || typeof email_verified !== "boolean")
      throw notClaims();
    return /** @type {Claims} */ ({ sub, roles: [...roles], email, email_verified });
  });
}

const notClaims = () => invalidArgument("claims must be what verify() returned");

/**
 * Reads the roles that a caller asks for, and returns them as an array. Throws if one of them is
 * empty or is not a string.
 *
 * @param {unknown} roles
 * @returns {string[]}
 */
export function readRoles(roles) {
  const list = readList("roles", roles, ROLES_ASKED_MAX);
  if (!list.every((role) => typeof role === "string" && role !== ""))
    throw invalidArgument("roles must be strings that are not empty");
  return /** @type {string[]} */ (list);
}

/** @param {unknown} userId */
export function readUserId(userId) {
  if (typeof userId !== "string" || userId === "")
    throw invalidArgument("userId must be a string that is not empty");
  return userId;
}
