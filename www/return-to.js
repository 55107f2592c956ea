// Where to go after signing in: a path of this site, out of ?return_to=, and never anywhere else.

const USUAL = "/account";

/** The full address to go to. It has this origin, whatever was asked for. */
export function returnTo(search = location.search, origin = location.origin) {
  const asked = new URLSearchParams(search).get("return_to") ?? USUAL;
  try {
    const url = new URL(asked, origin);
    // Compared after parsing, as the browser will read it: `//evil`, `/\evil` and `/<tab>/evil` are addresses of hosts.
    if (asked.startsWith("/") && url.origin === origin) return url.href;
  } catch {
    // Not an address at all.
  }
  return new URL(USUAL, origin).href;
}

/** This page's own ?return_to= for another page, so that it is not lost on the way. */
export function withReturnTo(path, search = location.search) {
  const asked = new URLSearchParams(search).get("return_to");
  return asked === null ? path : `${path}?${new URLSearchParams({ return_to: asked })}`;
}
