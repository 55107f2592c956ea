// Reads users and sessions from the service's answers. The client passes a user on to the page only
// if all its members are valid, and a session only if the members that the client needs are valid.
/** @import { Session, User } from "../types/client.d.ts" */

/**
 * @param {unknown} value
 * @returns {value is string}
 */
const isText = (value) => typeof value === "string";
/**
 * @param {unknown} value
 * @returns {value is string | null}
 */
const isName = (value) => value === null || isText(value);

/**
 * The user in an answer, frozen; undefined if `value` is not a user. Members that this version of
 * the client does not know are left out.
 *
 * @param {unknown} value
 * @returns {User | undefined}
 */
export function readUser(value) {
  if (value === null || typeof value !== "object") return undefined;
  const { id, email, email_verified, first_name, last_name, roles } =
    /** @type {Record<keyof User, unknown>} */ (value);
  if (!isText(id) || id === "" || !isText(email) || typeof email_verified !== "boolean")
    return undefined;
  if (!isName(first_name) || !isName(last_name) || !Array.isArray(roles) || !roles.every(isText))
    return undefined;
  return freezeUser({ id, email, email_verified, first_name, last_name, roles });
}

/** @type {(user: User) => User} */
export const freezeUser = (user) =>
  Object.freeze({ ...user, roles: Object.freeze([...user.roles]) });

/**
 * The list of sessions in an answer; undefined if the answer has no valid list.
 *
 * @param {{sessions?: unknown}} answer
 * @returns {Session[] | undefined}
 */
export function readSessions({ sessions }) {
  return Array.isArray(sessions) && sessions.every(isSession) ? sessions : undefined;
}

/**
 * Checks only the members that the client itself needs.
 *
 * @param {unknown} value
 * @returns {value is Session}
 */
function isSession(value) {
  if (value === null || typeof value !== "object") return false;
  const { id, current } = /** @type {Record<keyof Session, unknown>} */ (value);
  return isText(id) && typeof current === "boolean";
}
