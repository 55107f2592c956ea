// AuthClient: signs in at an edgegate service and keeps the session alive. Its methods are
// documented in types/client.d.ts.
/**
 * @import { AuthClient as Declared, AuthClientOptions, User } from "../types/client.d.ts"
 */
import { invalidArgument, readArgument, readOrigin, rejectUnknown } from "../argument.js";
import { EdgegateError } from "../errors.js";
import { readSessions, readUser } from "./answers.js";
import { coreOf, readOrigins, SessionClient } from "./base.js";
import { Core } from "./core.js";
import { platform } from "./platform.js";
import { notTheService } from "./request.js";

export { EdgegateError };

const ACCEPTED = { 202: false };
const DONE = { 204: false };
/** @type {("challenge" | "request_id")[]} */
const MAIL_OPTIONS = ["challenge", "request_id"];

export class AuthClient extends SessionClient {
  /** @param {AuthClientOptions} [options] */
  constructor(options = {}) {
    const { url, origins, replaced } = readOptions(options);
    /** @param {import("./core.js").Emit} emit */
    const makeCore = (emit) => {
      const parts = platform(replaced);
      return new Core({ platform: parts, url: url ?? originOfPage(parts.origin), emit });
    };
    super({ replaced, origins, makeCore });
  }

  /** @type {Declared["login"]} */
  async login(given) {
    const body = readTexts(given, ["email", "password"], ["challenge"]);
    const user = await coreOf(this).login("/auth/login", body, { 200: true });
    // The answer to a login always has a user.
    return /** @type {User} */ (user);
  }

  /** @type {Declared["logout"]} */
  async logout() {
    await coreOf(this).logout();
  }

  /** @type {Declared["register"]} */
  async register(given) {
    const body = readTexts(
      given,
      ["email"],
      ["first_name", "last_name", "password", ...MAIL_OPTIONS],
    );
    return coreOf(this).login("/auth/register", body, { 201: true, 202: false });
  }

  /** @type {Declared["requestPasswordReset"]} */
  async requestPasswordReset(email, options) {
    await coreOf(this).send("/auth/password/reset", {
      body: readTexts(mailRequest(email, options), ["email"], MAIL_OPTIONS),
      expect: ACCEPTED,
    });
  }

  /** @type {Declared["requestEmailVerification"]} */
  async requestEmailVerification(email, options) {
    await coreOf(this).send("/auth/email/resend", {
      body: readTexts(mailRequest(email, options), ["email"], MAIL_OPTIONS),
      expect: ACCEPTED,
    });
  }

  /** @type {Declared["confirmPasswordReset"]} */
  async confirmPasswordReset(given) {
    const core = coreOf(this);
    await core.send("/auth/password/confirm", {
      body: readTexts(given, ["token", "password"]),
      expect: DONE,
    });
    // The reset ended every session of the user to whom the link was sent. It is possible that this
    // user is signed in here, so the client asks the service.
    askAgain(core);
  }

  /** @type {Declared["verifyEmail"]} */
  async verifyEmail(given) {
    const core = coreOf(this);
    await core.send("/auth/email/verify", {
      body: readTexts(given, ["token", "password"]),
      expect: DONE,
    });
    askAgain(core);
  }

  /** @type {Declared["confirmEmailChange"]} */
  async confirmEmailChange(token) {
    const core = coreOf(this);
    await core.send("/auth/email/confirm", {
      body: readTexts({ token }, ["token"]),
      expect: DONE,
    });
    // The access token still has the old address, so the client needs a new token.
    askAgain(core);
  }

  /** @type {Declared["changePassword"]} */
  async changePassword(given) {
    await coreOf(this).changePassword(readTexts(given, ["current_password", "new_password"]));
  }

  /** @type {Declared["reauthenticate"]} */
  async reauthenticate(password) {
    const texts = readTexts({ password }, ["password"]);
    await coreOf(this).reauthenticate(texts.password);
  }

  /** @type {Declared["changeEmail"]} */
  async changeEmail(given) {
    const body = readTexts(given, ["email", "current_password"]);
    const core = coreOf(this);
    await core.authorized((token) =>
      core.send("/auth/email/change", { body, token, expect: ACCEPTED }),
    );
  }

  /** @type {Declared["deleteAccount"]} */
  async deleteAccount(given) {
    await coreOf(this).end("/auth/me", readTexts(given, ["current_password"]), "account_deleted");
  }

  /** @type {Declared["me"]} */
  async me() {
    const core = coreOf(this);
    const answer = await get(core, "/auth/me");
    const user = readUser(answer.body);
    if (!user) throw notTheService(core.url, answer.status);
    return core.learn(user);
  }

  /** @type {Declared["sessions"]} */
  async sessions() {
    const core = coreOf(this);
    const answer = await get(core, "/auth/sessions");
    const sessions = readSessions(answer.body ?? {});
    if (!sessions) throw notTheService(core.url, answer.status);
    return sessions;
  }

  /** @type {Declared["endSession"]} */
  async endSession(id) {
    const core = coreOf(this);
    // The id of a session is a UUID. Without this check, the id `..` would lead to another route.
    const isId = /^[A-Za-z0-9-]{1,64}$/.test(readTexts({ id }, ["id"]).id);
    if (!isId) throw invalidArgument("id must be the id of a session");
    const path = `/auth/sessions/${id}`;
    if (core.session.claims?.sid === id) return core.end(path, undefined, "logout");
    await core.authorized((token) => core.send(path, { method: "DELETE", token, expect: DONE }));
  }

  /** @type {Declared["endOtherSessions"]} */
  async endOtherSessions() {
    const core = coreOf(this);
    await core.authorized((token) =>
      core.send("/auth/sessions", { method: "DELETE", token, expect: DONE }),
    );
  }
}

/**
 * @param {Core} core
 * @param {string} path
 */
function get(core, path) {
  return core.authorized((token) =>
    core.send(path, { method: "GET", token, expect: { 200: true } }),
  );
}

/**
 * The body of a request that makes the service send a mail.
 *
 * @param {string} email
 * @param {import("../types/client.d.ts").MailOptions} [options]
 */
const mailRequest = (email, options) => ({
  email,
  challenge: options?.challenge,
  request_id: options?.request_id,
});

/**
 * Makes the client ask the service whether the session has changed or ended.
 *
 * @param {Core} core
 */
function askAgain(core) {
  if (core.session.status === "signed_in") core.renewal.doubt();
}

const OPTIONS = ["url", "origins", "fetch", "platform"];

/**
 * Reads each option only once. At a second read, a getter could return another value, which would
 * then be used without a check.
 *
 * @param {AuthClientOptions} options
 */
function readOptions(options) {
  if (typeof options !== "object" || options === null)
    throw invalidArgument("options must be an object");
  const read = readArgument("options", () => {
    rejectUnknown(options, OPTIONS);
    const { url, origins, fetch, platform: replaced } = options;
    return { url, origins, fetch, replaced: { ...replaced, ...(fetch && { fetch }) } };
  });
  if (read.fetch != null && typeof read.fetch !== "function")
    throw invalidArgument("fetch must be a function");
  return {
    url: read.url == null ? null : readOrigin("url", read.url),
    origins: readOrigins(read.origins),
    replaced: read.replaced,
  };
}

/**
 * Returns the page's origin. Throws if its scheme is not http or https: a page in an app's WebView
 * can have another scheme, and the origin of a local file is "null".
 *
 * @param {string | undefined} origin
 */
function originOfPage(origin) {
  if (origin !== undefined && /^https?:/.test(origin)) return readOrigin("url", origin);
  const why = origin === undefined ? "There is no page here" : `The page's origin is ${origin}`;
  throw invalidArgument(
    `${why}, so name the service: new AuthClient({ url: "https://auth.example.com" })`,
  );
}

/**
 * Returns the members of `given` that are in `required` and `optional`. Throws if one of them is
 * not a string, because then the caller has made a mistake. An optional member may be undefined.
 *
 * @template {string} R
 * @template {string} [O=never]
 * @param {Partial<Record<R | O, unknown>>} given
 * @param {R[]} required
 * @param {O[]} [optional]
 */
function readTexts(given, required, optional = []) {
  if (given === null || typeof given !== "object")
    throw invalidArgument(`an object with these members is needed: ${required.join(", ")}`);
  const texts = /** @type {Record<R, string> & Partial<Record<O, string>>} */ ({});
  /** @param {R | O} name */
  const read = (name) => readArgument(name, () => given[name]);
  /** @type {(name: R | O, value: unknown) => void} */
  const set = (name, value) => {
    if (typeof value !== "string") throw invalidArgument(`${name} must be a string`);
    // Some keyboards of phones add a space after an email address.
    Object.assign(texts, { [name]: name === "email" ? value.trim() : value });
  };
  for (const name of required) set(name, read(name));
  for (const name of optional) {
    const value = read(name);
    if (value !== undefined) set(name, value);
  }
  return texts;
}
