// Faults for mutation testing. A fault is a change to the code that breaks a promise of the
// documents. The tests must notice every fault. There is one file of faults for each area.
import { accessTokens } from "./access-tokens.mjs";
import { administration } from "./administration.mjs";
import { browserPackage } from "./browser-package.mjs";
import { checks } from "./checks.mjs";
import { limits } from "./limits.mjs";
import { mail } from "./mail.mjs";
import { passwords } from "./passwords.mjs";
import { secrets } from "./secrets.mjs";
import { sessions } from "./sessions.mjs";
import { worker } from "./worker.mjs";

/**
 * A fault replaces the text `search` with `replace`. The text must occur exactly once in `file`.
 * `promise` is the promise that the fault breaks. `command` runs a few tests, and some of them must
 * fail. `killers` are parts of test names. For each of them, a test with such a name must be among
 * those that fail.
 *
 * @typedef {object} Fault
 * @property {string} id
 * @property {string} promise
 * @property {string} file
 * @property {string} search
 * @property {string} replace
 * @property {string[]} command
 * @property {string[]} killers
 */

/** @type {Fault[]} */
export const faults = [
  ...passwords,
  ...limits,
  ...secrets,
  ...accessTokens,
  ...sessions,
  ...administration,
  ...mail,
  ...browserPackage,
  ...worker,
  ...checks,
];
