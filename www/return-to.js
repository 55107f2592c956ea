// Decides where the browser goes after signing in: to the path in ?return_to=, but never to another
// site.

const USUAL = "/account";

/** The URL to go to. It always has this origin, whatever ?return_to= contains. */
export function returnTo(search = location.search, origin = location.origin) {
  const asked = new URLSearchParams(search).get("return_to") ?? USUAL;
  try {
    const url = new URL(asked, origin);
    // The URL is parsed as the browser will parse it, and then its origin is compared. It is not
    // enough that the text begins with a slash: `//evil`, `/\evil` and `/<tab>/evil` do, but lead
    // to other hosts.
    if (asked.startsWith("/") && url.origin === origin) return url.href;
  } catch {
    // The text can't be parsed as a URL.
  }
  return new URL(USUAL, origin).href;
}

/**
 * The URL of another page, with the parameter ?return_to= of this page.
 *
 * @param {string} path
 */
export function withReturnTo(path, search = location.search) {
  const asked = new URLSearchParams(search).get("return_to");
  return asked === null ? path : `${path}?${new URLSearchParams({ return_to: asked })}`;
}
