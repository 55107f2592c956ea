// Finds or installs Caddy, for the test of docs/forward-auth.md.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [process.env.CADDY, "caddy"],
  debianPackage: "caddy",
  advice:
    "no caddy was found for the test of docs/forward-auth.md: install the package `caddy`, or set CADDY to its path.",
};

/** The path of a caddy. If it is missing, installs it, but only as root on Debian. */
export const caddy = () => program(need);
