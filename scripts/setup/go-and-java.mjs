// Finds or installs Go and a Java runtime, for the test of the client that openapi-generator makes
// from openapi.yaml. The versions in Debian are new enough.
import { program } from "./debian.mjs";

/** @type {import("./debian.mjs").Need} */
const goNeed = {
  names: [process.env.GO, "go"],
  debianPackage: "golang-go",
  advice:
    "no Go was found for the test of generated clients: install the package `golang-go` (1.18 or newer), or set GO to its path.",
};

/** @type {import("./debian.mjs").Need} */
const javaNeed = {
  names: ["java"],
  debianPackage: "default-jre-headless",
  advice:
    "no Java was found for the test of generated clients: install the package `default-jre-headless`.",
};

/** The path of Go. If it is missing, installs it, but only as root on Debian. */
export const go = () => program(goNeed);

/** The path of Java, installed in the same way. openapi-generator looks for Java on the PATH. */
export const java = () => program(javaNeed);
