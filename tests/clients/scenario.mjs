// What every client of an OpenAPI generator does with the running service, and what it must report.

/** `npm start`'s accounts. */
export const ACCOUNTS = {
  ADA: "ada@example.com",
  ROOT: "root@example.com",
  PASSWORD: "correct horse battery staple",
};

/**
 * - `login`, `refresh_token`: of Ada's login.
 * - `wrong`: the code for a wrong password. `field`: the field and reason for a password that is
 *   too long.
 * - `weak`: the reasons against "password" as a new password.
 * - `anonymous`: the code of a check without a token. `authorized`: as user, and as administrator.
 * - `renewed`: the type of the new token. `refused`: the error for a text that is not a refresh
 *   token.
 * - `current`: how many of Ada's sessions are the current one.
 * - `patched`: Ada's first name after the administrator has changed it.
 * - `ended`: the error of a renewal after the log-out.
 */
export const EXPECTED = {
  login: ACCOUNTS.ADA,
  refresh_token: true,
  wrong: "invalid_credentials",
  field: ["password", "too_long"],
  weak: ["too_short", "too_common"],
  anonymous: "invalid_token",
  authorized: [true, false],
  renewed: "Bearer",
  refused: "invalid_grant",
  current: 1,
  patched: "Augusta Ada",
  ended: "invalid_grant",
};
