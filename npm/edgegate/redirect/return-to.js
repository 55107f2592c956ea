// Checks `returnTo`, the address to which the person returns after a sign-in. It must be on the
// page's own origin. Otherwise a link that begins a sign-in could lead to another site (open
// redirect).
import { invalidArgument, readArgument } from "../argument.js";

/**
 * Checks `given`, and returns its path with the query and the fragment.
 *
 * @param {unknown} given
 * @param {string} here The address of the page.
 */
export function readReturnTo(given, here) {
  const url = readArgument("returnTo", () => new URL(String(given), here));
  // The `origin` of a `blob:` URL is the origin of the page that made it, so the protocol is
  // compared too.
  const { origin, protocol } = new URL(here);
  if (url.origin !== origin || url.protocol !== protocol || url.username || url.password)
    throw invalidArgument("returnTo must be an address of this page's origin");
  return pathOf(url);
}

/**
 * The path of a URL, with the query and the fragment. Several slashes at its beginning become one,
 * because a browser reads a path that begins with two slashes as the name of another host.
 *
 * @param {URL} url
 */
export const pathOf = ({ pathname, search, hash }) =>
  `${pathname.replace(/^\/+/, "/")}${search}${hash}`;
