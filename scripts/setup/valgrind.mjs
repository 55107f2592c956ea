// Valgrind, whose callgrind counts instructions for bench/instructions.mjs.
import { program } from "./debian.mjs";

const ADVICE =
  "no valgrind was found to count instructions with: install the package `valgrind`, or set VALGRIND to its path.";

/** The path of a valgrind, installed first where that can be done without asking. */
export function valgrind() {
  return program([process.env.VALGRIND, "valgrind"].filter(Boolean), "valgrind", ADVICE);
}
