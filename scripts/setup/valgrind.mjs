// Valgrind, whose callgrind counts instructions for bench/instructions.mjs.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [process.env.VALGRIND, "valgrind"],
  debianPackage: "valgrind",
  advice:
    "no valgrind was found to count instructions with: install the package `valgrind`, or set VALGRIND to its path.",
};

/** The path of a valgrind, installed first where that can be done without asking. */
export const valgrind = () => program(need);
