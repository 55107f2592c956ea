// An nginx for the test of examples/forward-auth. Debian's has `auth_request` built in.
import { program } from "./debian.mjs";

const ADVICE =
  "no nginx was found for the test of examples/forward-auth: install the package `nginx-light` or `nginx`, or set NGINX to its path.";

/** The path of an nginx, installed first where that can be done without asking. */
export function nginx() {
  return program([process.env.NGINX, "nginx", "/usr/sbin/nginx"].filter(Boolean), "nginx", ADVICE);
}
