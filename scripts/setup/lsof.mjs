// lsof. On macOS, `npm run reset` finds the processes that use the local data with it. The
// test of that runs on every system.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: ["lsof", "/usr/sbin/lsof"],
  debianPackage: "lsof",
  advice: "no lsof was found for the test of `npm run reset`: install the package `lsof`.",
};

/** The path of lsof, installed first where that can be done without asking. */
export const lsof = () => program(need);
