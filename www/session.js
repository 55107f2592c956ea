// The client that manages the session of this browser. All scripts of a page share it.
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
