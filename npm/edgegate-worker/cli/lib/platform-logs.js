// Checks what Cloudflare itself logs about a request, in addition to the Worker's own log lines.

/**
 * If Cloudflare would log people's email addresses or IP addresses with these settings, or pass
 * them on, returns a sentence that says what to do. Otherwise returns null.
 *
 * @param {{ observability?: any, logpush?: boolean, tail_consumers?: unknown[] | null }} config
 * @param {string} [file] the configuration's name
 */
export function platformLogsProblem(
  { observability, logpush, tail_consumers },
  file = "wrangler.toml",
) {
  const isToml = file.endsWith(".toml");
  const table = (/** @type {string} */ name) => (isToml ? `[${name}]` : name);
  const set = (/** @type {string} */ name, /** @type {boolean} */ value) =>
    isToml ? `\`${name} = ${value}\`` : `\`"${name}": ${value}\``;
  if (logpush) {
    return `logpush is on in ${file}, and sends each request's URL and headers on: take it out, or see that the job leaves out Event.Request.`;
  }
  if (tail_consumers && tail_consumers.length > 0) {
    return `${file} names tail_consumers, which get each request's URL and headers: take them out, or see that they keep neither.`;
  }
  if (!observability?.enabled && !observability?.logs?.enabled && !observability?.traces?.enabled)
    return null;
  if (observability.redact_query_string !== true) {
    return `${table("observability")} has no ${set("redact_query_string", true)} in ${file}: Cloudflare would log the email addresses in the queries of two routes. Add it.`;
  }
  if (observability.logs?.invocation_logs !== false) {
    return `${table("observability.logs")} has no ${set("invocation_logs", false)} in ${file}: Cloudflare would log each request's headers, with the client's IP address. Add it.`;
  }
  if (observability.traces?.enabled) {
    return `${table("observability.traces")} is on in ${file}: a trace holds the address of each request's client. Switch it off.`;
  }
  return null;
}
