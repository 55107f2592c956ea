// A C++ compiler for libFuzzer, which the crate libfuzzer-sys brings as source.
import { program } from "./debian.mjs";

const ADVICE =
  "no C++ compiler was found for libFuzzer: install the package `g++` or clang, or set CXX to its path.";

/** The path of a C++ compiler, installed first where that can be done without asking. */
export function cpp() {
  return program([process.env.CXX, "c++", "g++", "clang++"].filter(Boolean), "g++", ADVICE);
}
