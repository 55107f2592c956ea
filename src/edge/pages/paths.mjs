// The paths of the pages, and other paths under which people might look for these pages.

/** The pages. wrangler.toml must list all these paths under `run_worker_first`. */
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
 * For some pages, paths that other sites use for a page of this kind. People might try these paths
 * here. The paths for signing out lead to the account page, which has a button to sign out. Opening
 * such a path must not sign anybody out, because any site can link to it.
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
 * The page that somebody probably means with a path that is not exactly the path of a page. The
 * path can be another name for a page, have capital letters, or end with a slash or `.html`.
 *
 * @param {string} path
 */
export function pageMeant(path) {
  // A path that is longer than all paths in the lists can't mean a page. Such a path must not be
  // matched below, because with many slashes the regular expression takes quadratic time.
  if (path.length > LONGEST) return undefined;
  const plain = path.toLowerCase().replace(/\.html$|\/+$/, "");
  return LED.get(plain) ?? PAGES.find((page) => page === plain && page !== path);
}
