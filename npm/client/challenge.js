// What a `WWW-Authenticate` header asks for (RFC 9110 section 11.6.1).

const SPACE = /[ \t]*/y;
const SEPARATOR = /[ \t,]*/y;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
// Instead of parameters, as `Negotiate` sends it.
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const QUOTED = /"(?:[^"\\]|\\.)*"/y;

/**
 * Whether it says that the access token that came is not valid (RFC 6750 section 3.1). No other
 * `error` of a Bearer challenge says so: not `insufficient_scope`, and not the proof that RFC 9470
 * asks for (`insufficient_user_authentication`). A challenge without `error` is about a request
 * without a token.
 */
export function refusesToken(header) {
  return challenges(header).some(
    ({ scheme, error }) => scheme === "bearer" && error === "invalid_token",
  );
}

/**
 * Each challenge's scheme, in lower case, and its `error`. What comes after something unreadable is
 * left out.
 */
function challenges(header) {
  const found = [];
  let at = 0;
  const read = (pattern) => {
    pattern.lastIndex = at;
    const [text] = pattern.exec(header) ?? [];
    at += text?.length ?? 0;
    return text;
  };
  for (;;) {
    read(SEPARATOR);
    const name = read(TOKEN)?.toLowerCase();
    if (name === undefined) return found;
    read(SPACE);
    if (header[at] !== "=") {
      found.push({ scheme: name, error: undefined });
      read(TOKEN68);
      continue;
    }
    at += 1;
    read(SPACE);
    const value = read(TOKEN) ?? unquoted(read(QUOTED));
    const challenge = found.at(-1);
    if (value === undefined || challenge === undefined) return found;
    // Each may stand once only; the first one counts.
    if (name === "error") challenge.error ??= value;
  }
}

const unquoted = (text) => text?.slice(1, -1).replaceAll(/\\(.)/g, "$1");
