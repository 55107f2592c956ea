// Finds or installs lsof. On macOS, `npm run reset` uses lsof to find the processes that use the
// local data. The test of this code runs on every system, so lsof is also needed on Linux.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
export const need = {
  names: ["lsof", "/usr/sbin/lsof"],
  debianPackage: "lsof",
  advice: "no lsof was found for the test of `npm run reset`: install the package `lsof`.",
};

/** The path of lsof. If it is missing, installs it, but only as root on Debian. */
export const lsof = () => program(need);
