// A C++ compiler for libFuzzer, which the crate libfuzzer-sys brings as source.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [process.env.CXX, "c++", "g++", "clang++"],
  debianPackage: "g++",
  advice:
    "no C++ compiler was found for libFuzzer: install the package `g++` or clang, or set CXX to its path.",
};

/** The path of a C++ compiler, installed first where that can be done without asking. */
export const cpp = () => program(need);
