// Faults. Each breaks a promise of the documents. There is a file for each area.
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
 * In `file`, `search` (which occurs exactly once) is replaced by `replace`. `command` is the
 * narrowest test that must fail. `killers` are parts of the names of tests that must be among the
 * failed ones.
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
