// Finds or installs an Apache with mod_auth_openidc, for the tests of OpenID Connect libraries.
import { existsSync } from "node:fs";
import { program } from "./debian.mjs";

/** The folder with Apache's modules: APACHE_MODULES, or else Debian's folder. */
export const modules = process.env.APACHE_MODULES ?? "/usr/lib/apache2/modules";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [process.env.APACHE, "apache2", "/usr/sbin/apache2"],
  debianPackage: "libapache2-mod-auth-openidc",
  suits: async () => existsSync(`${modules}/mod_auth_openidc.so`),
  advice:
    "no Apache with mod_auth_openidc was found for tests/clients/oidc.test.mjs: install the packages `apache2-bin` and `libapache2-mod-auth-openidc`, or set APACHE to the program and APACHE_MODULES to the folder of its modules.",
};

/** The path of an Apache. If it is missing, installs it, but only as root on Debian. */
export const apache = () => program(need);
