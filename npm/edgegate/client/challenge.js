// What a `WWW-Authenticate` header asks for (RFC 9110 section 11.6.1).

const SPACE = /[ \t]*/y;
const SEPARATOR = /[ \t,]*/y;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
// Instead of parameters, as `Negotiate` sends it.
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const QUOTED = /"(?:[^"\\]|\\.)*"/y;

/**
 * Whether the header says that the access token in the request is not valid: only
 * `Bearer error="invalid_token"` does (RFC 6750 section 3.1). `insufficient_scope` does not, nor does
 * `insufficient_user_authentication`, which asks for a new proof (RFC 9470). A challenge without
 * `error` answers a request without a token.
 */
export function refusesToken(header) {
  return challenges(header).some(
    ({ scheme, error }) => scheme === "bearer" && error === "invalid_token",
  );
}

/**
 * Each challenge's scheme, in lower case, and its `error`. Reading stops at the first syntax error.
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
    // A parameter may occur once in a challenge. Repetitions are ignored.
    if (name === "error") challenge.error ??= value;
  }
}

const unquoted = (text) => text?.slice(1, -1).replaceAll(/\\(.)/g, "$1");
