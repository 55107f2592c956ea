// What Cloudflare itself logs of a request, in addition to the Worker's own lines.

/**
 * Why the platform would log people's addresses with these settings: one sentence that says what to
 * do, or null if it would not.
 *
 * @param {{ observability?: any, logpush?: boolean, tail_consumers?: unknown[] | null }} config
 */
export function platformLogsProblem({ observability, logpush, tail_consumers }) {
  if (logpush) {
    return "logpush is on in wrangler.toml, and sends each request's URL and headers on: take it out, or see that the job leaves out `Event.Request`.";
  }
  if (tail_consumers && tail_consumers.length > 0) {
    return "wrangler.toml names tail_consumers, which get each request's URL and headers: take them out, or see that they keep neither.";
  }
  if (!observability?.enabled && !observability?.logs?.enabled && !observability?.traces?.enabled)
    return null;
  if (observability.redact_query_string !== true) {
    return "[observability] has no `redact_query_string = true` in wrangler.toml: Cloudflare would log the email addresses in the queries of two routes. Add it.";
  }
  if (observability.logs?.invocation_logs !== false) {
    return "[observability.logs] has no `invocation_logs = false` in wrangler.toml: Cloudflare would log each request's headers, with the client's IP address. Add it.";
  }
  if (observability.traces?.enabled) {
    return "[observability.traces] is on in wrangler.toml: a trace holds the address of each request's client. Switch it off.";
  }
  return null;
}
