// Checks the setting ISSUER before a deploy, in addition to the checks that the Worker itself
// makes.

/**
 * Returns null if `issuer` can be the ISSUER of a deployed Worker. Otherwise, returns a sentence
 * that says why not, and what to do.
 *
 * @param {any} issuer
 * @param {string} [table] the table of the configuration in which ISSUER is set
 * @param {string} [file] the configuration's name
 */
export function issuerProblem(issuer, table = "vars", file = "wrangler.toml") {
  const isToml = file.endsWith(".toml");
  const place = `under ${isToml ? `[${table}]` : table} in ${file}`;
  const example = isToml
    ? 'ISSUER = "https://auth.example.com"'
    : '"ISSUER": "https://auth.example.com"';
  const what = `ISSUER is ${JSON.stringify(issuer ?? "")}`;
  const todo = `set it ${place} to this service's own address, as in ${example}`;
  let url;
  try {
    url = new URL(issuer);
  } catch {
    return `${what}, which is not a URL: ${todo}.`;
  }
  const host = url.hostname.replace(/^\[|\]$|\.$/g, "");
  if (/^(localhost|.*\.localhost|127\..*|0\.0\.0\.0|::1?|::ffff:7f.*)$/.test(host)) {
    return `${what}, which is this machine: ${todo}.`;
  }
  if (url.protocol !== "https:") return `${what}, and tokens must not travel without TLS: ${todo}.`;
  if (issuer !== url.origin)
    return `${what}, which must be an origin without a path or a final slash: set it to "${url.origin}" ${place}.`;
  return null;
}
