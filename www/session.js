// The session of this browser, as all pages share it.
import { AuthClient } from "/edgegate/client/index.js";

export const client = new AuthClient();

/** How somebody is called here. */
export const nameOf = ({ first_name, last_name, email }) =>
  [first_name, last_name].filter(Boolean).join(" ") || email;
