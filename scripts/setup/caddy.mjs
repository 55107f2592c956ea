// A Caddy for the test of docs/forward-auth.md.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [process.env.CADDY, "caddy"],
  debianPackage: "caddy",
  advice:
    "no caddy was found for the test of docs/forward-auth.md: install the package `caddy`, or set CADDY to its path.",
};

/** The path of a caddy, installed first where that can be done without asking. */
export const caddy = () => program(need);
