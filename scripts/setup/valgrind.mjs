// Finds or installs Valgrind. Its tool callgrind counts instructions for bench/instructions.mjs.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [process.env.VALGRIND, "valgrind"],
  debianPackage: "valgrind",
  advice:
    "no valgrind was found to count instructions with: install the package `valgrind`, or set VALGRIND to its path.",
};

/** The path of a valgrind. If it is missing, installs it, but only as root on Debian. */
export const valgrind = () => program(need);
