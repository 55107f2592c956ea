// Finds or installs nginx, for the tests of forward auth. Debian's nginx has the module for
// `auth_request` built in.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [process.env.NGINX, "nginx", "/usr/sbin/nginx"],
  debianPackage: "nginx",
  advice:
    "no nginx was found for the tests of forward auth: install the package `nginx-light` or `nginx`, or set NGINX to its path.",
};

/** The path of an nginx. If it is missing, installs it, but only as root on Debian. */
export const nginx = () => program(need);
