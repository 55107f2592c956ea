// The client for this browser's session, which all scripts of a page share.
/** @import { User } from "/edgegate/client/index.js" */
import { AuthClient } from "/edgegate/client/index.js";

export const client = new AuthClient();

/**
 * The name to show for a user.
 *
 * @param {User} user
 */
export const nameOf = ({ first_name, last_name, email }) =>
  [first_name, last_name].filter(Boolean).join(" ") || email;
