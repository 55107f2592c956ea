// Where the person was before the round trip. A page of this origin only: otherwise a link to a
// sign-in could lead to another site (open redirect).
import { invalidArgument, readArgument } from "../argument.js";

/**
 * A path of the page's origin, with its query and fragment.
 *
 * @param {unknown} given
 * @param {string} here The address of the page.
 */
export function readReturnTo(given, here) {
  const url = readArgument("returnTo", () => new URL(String(given), here));
  // The `origin` of a blob: address is the origin of its page, so the protocol matters too.
  const { origin, protocol } = new URL(here);
  if (url.origin !== origin || url.protocol !== protocol || url.username || url.password)
    throw invalidArgument("returnTo must be an address of this page's origin");
  return pathOf(url);
}

/**
 * A browser reads a path that begins with two slashes as the name of another host.
 *
 * @param {URL} url
 */
export const pathOf = ({ pathname, search, hash }) =>
  `${pathname.replace(/^\/+/, "/")}${search}${hash}`;
