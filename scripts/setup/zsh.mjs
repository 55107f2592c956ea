// zsh, the shell of macOS, for following the documents in it.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: ["zsh"],
  debianPackage: "zsh",
  advice: "no zsh was found to follow the documents in it: install the package `zsh`.",
};

/** The path of a zsh, installed first where that can be done without asking. */
export const zsh = () => program(need);
