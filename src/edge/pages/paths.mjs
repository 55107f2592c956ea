// The addresses of the pages, and the other names by which people look for them.

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
 * Other sites' names for these pages. The names for signing out lead to the account, which has a
 * button for it: a link must not sign anybody out.
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
 * The page that a path means, if it is not exactly the page's own path: another name, capitals, a
 * slash at the end.
 *
 * @param {string} path
 */
export function pageMeant(path) {
  // A longer path means no page. The pattern below takes quadratic time for many slashes.
  if (path.length > LONGEST) return undefined;
  const plain = path.toLowerCase().replace(/\.html$|\/+$/, "");
  return LED.get(plain) ?? PAGES.find((page) => page === plain && page !== path);
}
