// Makes the first administrator of a service. Later administrators can be made by an administrator.
import { Advice } from "./advice.js";
import { requireStatus } from "./operator.js";

const ADMIN = "admin";

/**
 * Makes somebody an administrator. A person who has no account or no password gets a link to choose
 * a password.
 *
 * @param {import("./operator.js").Ask} ask with the scope `users`
 * @param {string} email
 * @returns {Promise<{ link?: string, expiresAt?: number }>}
 */
export async function makeAdmin(ask, email) {
  const made = await ask("POST", "/auth/users", { email, roles: [ADMIN, "user"], link: "return" });
  if (made.status === 201) return invitation(made.body.invitation);
  if (made.status !== 409) requireStatus(made, [201], `${email} can't become an administrator`);

  const found = await ask("GET", `/auth/users?email=${encodeURIComponent(email)}`);
  requireStatus(found, [200], `the account ${email}`);
  const [user] = found.body.users;
  if (!user) throw new Advice(`${email} can't be an account's address.`);
  const invited = await ask("POST", `/auth/users/${user.id}/invite`, { link: "return" });
  requireStatus(invited, [200, 409], `the invitation of ${email}`);
  const hasPassword = invited.status === 409;
  // Anybody can register with an address that is not theirs, so it is possible that the person who
  // chose this password does not own the address.
  if (hasPassword && !user.email_verified)
    throw new Advice(
      `${email} has an account already, and nobody has shown that it belongs to the owner of the address: it was not verified. Verify it, or delete the account, and then run the same command again.`,
    );
  if (!user.roles.includes(ADMIN)) {
    const roles = [...user.roles, ADMIN];
    const changed = await ask("PATCH", `/auth/users/${user.id}`, { roles });
    requireStatus(changed, [200], `the roles of ${email}`);
  }
  return hasPassword ? {} : invitation(invited.body);
}

/** @param {{ link: string, expires_at: number }} given */
const invitation = ({ link, expires_at }) => ({ link, expiresAt: expires_at });
