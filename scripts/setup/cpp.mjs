// Finds or installs a C++ compiler, for libFuzzer, whose source is in the crate libfuzzer-sys.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: [process.env.CXX, "c++", "g++", "clang++"],
  debianPackage: "g++",
  advice:
    "no C++ compiler was found for libFuzzer: install the package `g++` or clang, or set CXX to its path.",
};

/** The path of a C++ compiler. If it is missing, installs it, but only as root on Debian. */
export const cpp = () => program(need);
