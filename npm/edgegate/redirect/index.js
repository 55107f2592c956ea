// RedirectClient: signs in at an edgegate service on another site. Its methods are documented in
// types/redirect.d.ts.
/**
 * @import { RedirectClient as Declared, RedirectClientOptions, RedirectRequest } from "../types/redirect.d.ts"
 * @import { Request } from "./core.js"
 */
import { invalidArgument, readArgument, readOrigin, rejectUnknown } from "../argument.js";
import { coreOf, readOrigins, SessionClient } from "../client/base.js";
import { EdgegateError } from "../errors.js";
import { RedirectCore } from "./core.js";
import { redirectPlatform } from "./platform.js";

export { EdgegateError };

const DEFAULT_SCOPE = "openid profile email";
const TEXT_MAX_CHARS = 2048;
const OPTIONS = [
  ...["issuer", "clientId", "redirectUri", "scope", "resource", "origins", "fetch", "platform"],
];
const REQUEST = /** @type {const} */ ([
  ...["scope", "resource", "prompt", "loginHint", "maxAge", "returnTo", "uiLocales", "acrValues"],
]);

export class RedirectClient extends SessionClient {
  /** @param {RedirectClientOptions} options */
  constructor(options) {
    const { app, origins, replaced } = readOptions(options);
    /** @param {import("../client/core.js").Emit} emit */
    const makeCore = (emit) =>
      new RedirectCore({ platform: redirectPlatform(replaced), app, emit });
    super({ replaced, origins, makeCore });
  }

  /** @type {Declared["signInWithRedirect"]} */
  async signInWithRedirect(request = {}) {
    await redirectCoreOf(this).signIn(readRequest(request));
  }

  /** @type {Declared["handleRedirect"]} */
  async handleRedirect(url) {
    return redirectCoreOf(this).handle(url);
  }

  /** @type {Declared["signOut"]} */
  async signOut(options = {}) {
    const core = redirectCoreOf(this);
    const { endSession, postLogoutRedirectUri } = readObject("options", options, [
      "endSession",
      "postLogoutRedirectUri",
    ]);
    if (endSession !== undefined && typeof endSession !== "boolean")
      throw invalidArgument("endSession must be true or false");
    await core.leave({
      endSession,
      postLogoutRedirectUri: readText("postLogoutRedirectUri", postLogoutRedirectUri),
    });
  }

  /** @type {Declared["logout"]} */
  async logout() {
    await this.signOut();
  }

  // The following methods always reject: the token of an app gives no access to the person's
  // account, so the service would refuse their requests.

  /** @returns {Promise<never>} */
  async login() {
    throw notForApps(this, "login");
  }

  /** @returns {Promise<never>} */
  async register() {
    throw notForApps(this, "register");
  }

  /** @returns {Promise<never>} */
  async requestPasswordReset() {
    throw notForApps(this, "requestPasswordReset");
  }

  /** @returns {Promise<never>} */
  async requestEmailVerification() {
    throw notForApps(this, "requestEmailVerification");
  }

  /** @returns {Promise<never>} */
  async confirmPasswordReset() {
    throw notForApps(this, "confirmPasswordReset");
  }

  /** @returns {Promise<never>} */
  async verifyEmail() {
    throw notForApps(this, "verifyEmail");
  }

  /** @returns {Promise<never>} */
  async confirmEmailChange() {
    throw notForApps(this, "confirmEmailChange");
  }

  /** @returns {Promise<never>} */
  async changePassword() {
    throw notForApps(this, "changePassword");
  }

  /** @returns {Promise<never>} */
  async changeEmail() {
    throw notForApps(this, "changeEmail");
  }

  /** @returns {Promise<never>} */
  async deleteAccount() {
    throw notForApps(this, "deleteAccount");
  }

  /** @returns {Promise<never>} */
  async reauthenticate() {
    throw notForApps(this, "reauthenticate");
  }

  /** @returns {Promise<never>} */
  async me() {
    throw notForApps(this, "me");
  }

  /** @returns {Promise<never>} */
  async sessions() {
    throw notForApps(this, "sessions");
  }

  /** @returns {Promise<never>} */
  async endSession() {
    throw notForApps(this, "endSession");
  }

  /** @returns {Promise<never>} */
  async endOtherSessions() {
    throw notForApps(this, "endOtherSessions");
  }
}

/** @param {RedirectClient} client */
const redirectCoreOf = (client) => /** @type {RedirectCore} */ (coreOf(client));

/**
 * @param {RedirectClient} client
 * @param {string} method
 */
const notForApps = (client, method) =>
  new EdgegateError(
    "not_for_apps",
    `${method}() is not for an app that signs in by redirect: the token of an app is not a key to the account. The person can change their account at ${coreOf(client).url.origin}`,
  );

/**
 * Reads each option only once. At a second read, a getter could return another value, which would
 * then be used without a check.
 *
 * @param {RedirectClientOptions} options
 */
function readOptions(options) {
  const read = readObject("options", options, OPTIONS);
  if (read.fetch != null && typeof read.fetch !== "function")
    throw invalidArgument("fetch must be a function");
  const issuer = readOrigin("issuer", read.issuer);
  const isLoopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(issuer.hostname);
  if (issuer.protocol !== "https:" && !isLoopback)
    throw invalidArgument("issuer must begin with https: over http anybody could read the tokens");
  const resource = readText("resource", read.resource);
  const { platform, fetch } = /** @type {Partial<RedirectClientOptions>} */ (read);
  const replaced = readArgument("platform", () => ({ ...platform, ...(fetch && { fetch }) }));
  return {
    app: {
      issuer,
      clientId: required("clientId", read.clientId),
      redirectUri: required("redirectUri", String(read.redirectUri ?? "")),
      asks: { scope: readScope(read.scope ?? DEFAULT_SCOPE), resource },
    },
    origins: [...originsOf(resource), ...readOrigins(read.origins)],
    replaced,
  };
}

/**
 * Returns the origin of the resource, to which the access token may be sent, because the token is
 * made for the resource. Returns an empty list if there is no resource, or if it is not an http or
 * https URL.
 *
 * @param {string | undefined} resource
 */
function originsOf(resource) {
  if (resource === undefined) return [];
  const { origin, protocol } = readArgument("resource", () => new URL(resource));
  return /^https?:$/.test(protocol) ? [origin] : [];
}

/**
 * @param {RedirectRequest} request
 * @returns {Request}
 */
function readRequest(request) {
  const { scope, maxAge, ...texts } = readObject("request", request, REQUEST);
  if (maxAge !== undefined && !(Number.isSafeInteger(maxAge) && Number(maxAge) >= 0))
    throw invalidArgument("maxAge must be whole seconds, from 0");
  /** @type {Request} */
  const read = { maxAge: /** @type {number | undefined} */ (maxAge) };
  if (scope !== undefined) read.scope = readScope(scope);
  for (const [name, value] of Object.entries(texts))
    Object.assign(read, { [name]: readText(name, value) });
  return read;
}

/**
 * Reads the scope and adds `openid`. Without `openid`, the service sends no id_token. The client
 * needs the id_token, because it says who the user is.
 *
 * @param {unknown} given
 */
function readScope(given) {
  const names = String(readText("scope", given)).split(" ").filter(Boolean);
  if (!names.every((name) => /^[!#-[\]-~]+$/.test(name)))
    throw invalidArgument("scope must be names with a space between them");
  return [...new Set(["openid", ...names])].join(" ");
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function required(name, value) {
  const text = readText(name, value);
  if (!text) throw invalidArgument(`${name} must be a string that is not empty`);
  return text;
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function readText(name, value) {
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw invalidArgument(`${name} must be a string`);
  if (value.length > TEXT_MAX_CHARS) throw invalidArgument(`${name} is too long`);
  return value;
}

/**
 * Returns a copy of an object's known members. So each member of the object is read only once: at a
 * second read, a getter could return another value, which would then be used without a check.
 * Throws if the object has an unknown member.
 *
 * @template {string} N
 * @param {string} what
 * @param {unknown} given
 * @param {readonly N[]} known
 * @returns {Partial<Record<N, unknown>>}
 */
function readObject(what, given, known) {
  if (typeof given !== "object" || given === null)
    throw invalidArgument(`${what} must be an object`);
  return readArgument(what, () => {
    rejectUnknown(given, known);
    const object = /** @type {Record<string, unknown>} */ (given);
    const entries = known.map((name) => [name, object[name]]);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  });
}
