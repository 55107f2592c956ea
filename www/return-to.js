// Where to go after signing in: the path in ?return_to=. It never leads to another site.

const USUAL = "/account";

/** The full URL to go to. It is always on this origin, whatever ?return_to= says. */
export function returnTo(search = location.search, origin = location.origin) {
  const asked = new URLSearchParams(search).get("return_to") ?? USUAL;
  try {
    const url = new URL(asked, origin);
    // The origin is compared after parsing, as the browser parses the URL: `//evil`, `/\evil` and
    // `/<tab>/evil` begin with a slash, but lead to other hosts.
    if (asked.startsWith("/") && url.origin === origin) return url.href;
  } catch {
    // The text can't be parsed as a URL.
  }
  return new URL(USUAL, origin).href;
}

/**
 * The path of another page, with the ?return_to= of this page.
 *
 * @param {string} path
 */
export function withReturnTo(path, search = location.search) {
  const asked = new URLSearchParams(search).get("return_to");
  return asked === null ? path : `${path}?${new URLSearchParams({ return_to: asked })}`;
}
