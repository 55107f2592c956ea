// The objects in the service's answers, checked for what the client hands on.

const isText = (value) => typeof value === "string";
const isName = (value) => value === null || isText(value);

/**
 * The user in an answer, frozen; undefined when `value` is not a user. Members that this version
 * does not know are left out.
 */
export function readUser(value) {
  if (value === null || typeof value !== "object") return undefined;
  const { id, email, email_verified, first_name, last_name, roles } = value;
  if (!isText(id) || id === "" || !isText(email) || typeof email_verified !== "boolean")
    return undefined;
  if (!isName(first_name) || !isName(last_name) || !Array.isArray(roles) || !roles.every(isText))
    return undefined;
  return freezeUser({ id, email, email_verified, first_name, last_name, roles });
}

export const freezeUser = (user) =>
  Object.freeze({ ...user, roles: Object.freeze([...user.roles]) });

/** The list of sessions in an answer, or undefined. */
export function readSessions({ sessions }) {
  const isSession = (it) =>
    it !== null && typeof it === "object" && isText(it.id) && typeof it.current === "boolean";
  return Array.isArray(sessions) && sessions.every(isSession) ? sessions : undefined;
}
