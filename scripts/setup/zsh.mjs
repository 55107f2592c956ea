// Finds or installs zsh, the shell of macOS. `npm run test:wide` runs the commands of the
// documentation also in this shell.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: ["zsh"],
  debianPackage: "zsh",
  advice: "no zsh was found to follow the documents in it: install the package `zsh`.",
};

/** The path of a zsh. If it is missing, installs it, but only as root on Debian. */
export const zsh = () => program(need);
