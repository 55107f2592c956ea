// The paths of the pages, and other paths at which people look for them.

/** The pages. wrangler.toml lists the same paths under `run_worker_first`. */
export const PAGES = [
  "/",
  "/sign-in",
  "/consent",
  "/register",
  "/account",
  "/forgot-password",
  "/reset-password",
  "/verify-email",
  "/confirm-email",
  "/console",
  "/outbox",
];

/**
 * Paths that other sites use for such pages, which people may try here. The paths for signing out
 * lead to the account page, which has a button for that: following a link must not sign anybody
 * out.
 *
 * @type {Record<string, string[]>}
 */
const OTHER_NAMES = {
  "/sign-in": ["/login", "/log-in", "/signin", "/sign_in"],
  "/register": ["/signup", "/sign-up", "/sign_up", "/registration", "/create-account", "/join"],
  "/forgot-password": [
    "/forgot",
    "/forgotpassword",
    "/lost-password",
    "/password-reset",
    "/password/reset",
    "/recover",
    "/reset",
  ],
  "/account": [
    "/logout",
    "/log-out",
    "/signout",
    "/sign-out",
    "/sign_out",
    "/my-account",
    "/profile",
    "/settings",
  ],
};

const LED = new Map(
  Object.entries(OTHER_NAMES).flatMap(([page, names]) => names.map((name) => [name, page])),
);

const LONGEST = 64;

/**
 * The page that somebody means with a path that is not exactly the path of a page: another name for
 * a page, capital letters, a slash at the end.
 *
 * @param {string} path
 */
export function pageMeant(path) {
  // A longer path means no page, and the pattern below takes quadratic time for many slashes.
  if (path.length > LONGEST) return undefined;
  const plain = path.toLowerCase().replace(/\.html$|\/+$/, "");
  return LED.get(plain) ?? PAGES.find((page) => page === plain && page !== path);
}
