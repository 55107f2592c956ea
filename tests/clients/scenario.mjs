// The report that each generated client must print after it has used the running service.

/** The demo accounts of local development. */
export const ACCOUNTS = {
  ADA: "ada@example.com",
  ROOT: "root@example.com",
  PASSWORD: "correct horse battery staple",
};

/**
 * - `login`: the address in the answer to Ada's login. `refresh_token`: whether this answer has a
 *   refresh token.
 * - `wrong`: the error code for a wrong password. `field`: the field with a fault and the reason,
 *   if the password is too long.
 * - `weak`: the reasons why "password" is rejected as a new password.
 * - `anonymous`: the error code of a request to /auth/authorized without a token. `authorized`: the
 *   results of two such requests with Ada's token: for the role of a user, and for the role of an
 *   administrator.
 * - `renewed`: the type of the token that a renewal returns. `refused`: the error for a text that
 *   is not a refresh token.
 * - `current`: how many of Ada's sessions are marked as the current one.
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
