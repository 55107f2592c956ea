// Reads the header `WWW-Authenticate` (RFC 9110 section 11.6.1).

const SPACE = /[ \t]*/y;
const SEPARATOR = /[ \t,]*/y;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
// A challenge can have a `token68` in place of parameters. The challenges of the scheme `Negotiate`
// have one.
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const QUOTED = /"(?:[^"\\]|\\.)*"/y;

/**
 * Whether the header says that the access token of the request is not valid. Only the challenge
 * `Bearer error="invalid_token"` says this (RFC 6750 section 3.1). The other errors don't mean that
 * the token is invalid. For example, `insufficient_user_authentication` asks the user to prove
 * again who they are (RFC 9470). A challenge without `error` is the answer to a request that had no
 * token.
 *
 * @param {string} header
 */
export function refusesToken(header) {
  return challenges(header).some(
    ({ scheme, error }) => scheme === "bearer" && error === "invalid_token",
  );
}

/**
 * The scheme of each challenge, in lower case, and its `error`. Reading stops at the first syntax
 * error.
 *
 * @param {string} header
 */
function challenges(header) {
  /** @type {{scheme: string, error: string | undefined}[]} */
  const found = [];
  let at = 0;
  /** @param {RegExp} pattern */
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
    // A challenge must not repeat a parameter. If it does, the first one is used.
    if (name === "error") challenge.error ??= value;
  }
}

/** @param {string | undefined} text */
const unquoted = (text) => text?.slice(1, -1).replaceAll(/\\(.)/g, "$1");
