// Faults for mutation testing: changes to the code that break a promise of the documents, and that
// the tests must notice. There is a file for each area.
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
 * A fault replaces the text `search`, which must occur exactly once in `file`, by `replace`.
 * `promise` is what the fault breaks. `command` runs few tests, which must fail. `killers` are
 * parts of the names of tests that must be among the failed ones.
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
