// Protects an API that apps call with access tokens. Reads the bearer token of a request, and makes
// the response if the request must be refused (RFC 6750, RFC 9728).
/**
 * @import { protect, ProtectOptions, resourceMetadata as Declared, Verifier as DeclaredVerifier } from "./types/index.d.ts"
 */
import { invalidArgument, readArgument, readList, rejectUnknown } from "./argument.js";
import { isEdgegateError } from "./errors.js";
import { readIssuer } from "./options.js";

/** @typedef {DeclaredVerifier} Verifier */
/** @typedef {Pick<typeof DeclaredVerifier, "fromIssuer">} VerifierClass */

const OPTIONS = ["issuer", "resource", "scope", "metadata", "fetch", "now"];
const METADATA = ["issuer", "resource", "scopes", "name", "documentation"];
const METADATA_PATH = "/.well-known/oauth-protected-resource";
const SCOPES_MAX = 64;
/**
 * `protect` caches the verifiers for each pair of an issuer and a resource, but for at most this
 * many pairs. Most programs use only a few pairs.
 */
const KEPT_MAX = 32;
const RETRY_AFTER_SECONDS = 2;

/**
 * @param {VerifierClass} Verifier
 * @returns {typeof protect}
 */
export function protectFor(Verifier) {
  /** @type {Map<string, Verifier[]>} */
  const kept = new Map();
  return async (request, options) => {
    const { issuer, resource, scopes, metadata, fetch, now } = readOptions(options);
    const name = `${issuer} ${resource}`;
    const verifiers =
      kept.get(name) ??
      audiencesOf(resource).map((audience) =>
        Verifier.fromIssuer(issuer, { audience, fetch, now }),
      );
    kept.delete(name);
    kept.set(name, verifiers);
    for (const oldest of kept.keys()) if (kept.size > KEPT_MAX) kept.delete(oldest);
    const refuse = refusals(metadata ? metadataUrl(resource) : undefined, scopes);
    const token = tokenOf(request);
    if (token === undefined) return refuse.anonymous();
    if (token === null) return refuse.malformed();
    try {
      const claims = await verify(verifiers, token);
      const granted = String(claims.scope ?? "").split(" ");
      if (!scopes.every((scope) => granted.includes(scope))) return refuse.scope();
      return { claims, token, response: null };
    } catch (error) {
      if (!isEdgegateError(error) || error.code === "invalid_argument") throw error;
      return error.code === "invalid_token" ? refuse.token(error.reason) : refuse.later();
    }
  };
}

/**
 * The audiences to accept for a resource. To the service, `https://host` and `https://host/` are
 * the same resource. The audience of a token is the resource as it was registered at the service,
 * which can be in either form. So both forms are accepted.
 *
 * @param {string} resource
 */
function audiencesOf(resource) {
  const [, bare] = /^(https?:\/\/[^/?#]+)\/?$/.exec(resource) ?? [];
  return bare === undefined ? [resource] : [bare, `${bare}/`];
}

/**
 * @param {Verifier[]} verifiers
 * @param {string} token
 */
async function verify([verifier, other], token) {
  try {
    return await verifier.verify(token);
  } catch (error) {
    if (!other || !isEdgegateError(error) || error.reason !== "aud_wrong") throw error;
    return other.verify(token);
  }
}

/**
 * The bearer token of a request. Undefined if the request has none, null if its `Authorization`
 * header is malformed. A token in the query of the URL is ignored, because URLs are written to logs
 * (RFC 9700 section 4.3.2).
 *
 * @param {Parameters<typeof protect>[0]} request
 */
function tokenOf(request) {
  const header = readArgument("request", () => request.headers.get("Authorization"));
  // The scheme may be in upper or lower case, and is followed by one or more spaces (RFC 9110
  // section 11.4).
  const [, isBearer, token] = /^(bearer(?: +|$))?(.*)$/is.exec(header ?? "") ?? [];
  if (!isBearer) return undefined;
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token) ? token : null;
}

/**
 * Makes the responses to requests that are refused.
 *
 * @param {string | undefined} resource_metadata
 * @param {string[]} scopes
 */
function refusals(resource_metadata, scopes) {
  const scope = scopes.length > 0 ? scopes.join(" ") : undefined;
  /** @param {Record<string, string | undefined>} parameters */
  const challenge = (parameters) => ({
    "WWW-Authenticate": bearer({ ...parameters, scope, resource_metadata }),
  });
  return {
    // If the request has no token, the challenge has no `error` (RFC 6750 section 3.1).
    anonymous: () =>
      refusal(401, "invalid_token", "The request has no access token", challenge({})),
    malformed: () =>
      refusal(
        400,
        "invalid_request",
        "The Authorization header is not valid",
        challenge({ error: "invalid_request" }),
      ),
    /** @param {string | undefined} reason */
    token: (reason) =>
      refusal(
        401,
        "invalid_token",
        "The access token is not valid here",
        challenge({ error: "invalid_token", error_description: reason }),
      ),
    scope: () =>
      refusal(
        403,
        "insufficient_scope",
        "The access token does not permit this",
        challenge({ error: "insufficient_scope" }),
      ),
    // It is not known whether the token is valid, for example because the keys of the service could
    // not be fetched.
    later: () =>
      refusal(503, "unavailable", "The access token can't be checked now", {
        "Retry-After": String(RETRY_AFTER_SECONDS),
      }),
  };
}

/** @param {Record<string, string | undefined>} parameters */
function bearer(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return ["Bearer", given.map(([name, value]) => `${name}="${value}"`).join(", ")]
    .filter(Boolean)
    .join(" ");
}

/**
 * @param {number} status
 * @param {string} code
 * @param {string} detail
 * @param {Record<string, string>} headers
 */
function refusal(status, code, detail, headers) {
  const body = JSON.stringify({ type: "about:blank", title: code, status, code, detail });
  const all = {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    ...headers,
  };
  return { claims: null, token: null, response: new Response(body, { status, headers: all }) };
}

/**
 * The URL at which a resource publishes its metadata (RFC 9728 section 3.1). Undefined if the
 * resource is not an http or https URL.
 *
 * @param {string} resource
 */
function metadataUrl(resource) {
  const url = new URL(resource);
  if (!/^https?:$/.test(url.protocol)) return undefined;
  return `${url.origin}${METADATA_PATH}${url.pathname === "/" ? "" : url.pathname}${url.search}`;
}

/** @type {typeof Declared} */
export function resourceMetadata(options) {
  const read = readMembers(options, METADATA);
  const metadata = {
    resource: readResource(read.resource),
    authorization_servers: [readIssuer(read.issuer)],
    scopes_supported: read.scopes === undefined ? undefined : readScopes("scopes", read.scopes),
    bearer_methods_supported: ["header"],
    resource_name: readText("name", read.name),
    resource_documentation: readText("documentation", read.documentation),
  };
  const headers = {
    "Content-Type": "application/json",
    // The metadata is public, and pages on any origin may read it.
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "public, max-age=3600",
  };
  return new Response(JSON.stringify(metadata), { headers });
}

/** @param {ProtectOptions} options */
function readOptions(options) {
  const {
    issuer,
    resource,
    scope = [],
    metadata = false,
    fetch,
    now,
  } = readMembers(options, OPTIONS);
  if (typeof metadata !== "boolean") throw invalidArgument("metadata must be true or false");
  return {
    issuer: readIssuer(issuer),
    resource: readResource(resource),
    scopes: readScopes("scope", typeof scope === "string" ? scope.split(" ") : scope),
    metadata,
    fetch: /** @type {ProtectOptions["fetch"]} */ (fetch),
    now: /** @type {ProtectOptions["now"]} */ (now),
  };
}

/**
 * Returns a copy of the options. So each option is read only once: at a second read, a getter could
 * return another value, which would then be used without a check.
 *
 * @param {unknown} options
 * @param {string[]} known
 * @returns {Record<string, unknown>}
 */
function readMembers(options, known) {
  if (typeof options !== "object" || options === null)
    throw invalidArgument("options must be an object with issuer and resource");
  return readArgument("options", () => {
    rejectUnknown(options, known);
    return { ...options };
  });
}

/**
 * Reads the URI of a resource. Returns the text as the caller wrote it, because the audience of a
 * token is compared with this text.
 *
 * @param {unknown} given
 */
function readResource(given) {
  const text = readArgument("resource", () => String(given ?? ""));
  const isUri = /^[a-z][a-z0-9+.-]*:[!#-;=?-[\]_a-z~%]+$/i.test(text);
  if (!isUri || text.includes("#"))
    throw invalidArgument(
      "resource must be the URI of this API, such as https://api.example.com, without a fragment",
    );
  readArgument("resource", () => new URL(text));
  return text;
}

/**
 * @param {string} name
 * @param {unknown} given
 */
function readScopes(name, given) {
  const list = readList(name, given, SCOPES_MAX).filter((one) => one !== "");
  if (!list.every((one) => typeof one === "string" && /^[!#-[\]-~]+$/.test(one)))
    throw invalidArgument(`${name} must be names of scopes`);
  return /** @type {string[]} */ (list);
}

/**
 * @param {string} name
 * @param {unknown} given
 */
function readText(name, given) {
  if (given !== undefined && typeof given !== "string")
    throw invalidArgument(`${name} must be a string`);
  return given;
}
