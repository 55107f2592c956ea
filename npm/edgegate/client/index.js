// AuthClient: signs in at an edgegate service and keeps the session going. index.d.ts documents it.
import { guarded, listOf, wrong } from "../argument.js";
import { EdgegateError } from "../errors.js";
import { readSessions, readUser } from "./answers.js";
import { Core } from "./core.js";
import { fetchWithToken } from "./fetch.js";
import { platform } from "./platform.js";
import { notTheService } from "./request.js";

export { EdgegateError };

const ACCEPTED = { 202: false };
const DONE = { 204: false };
const MOST_ORIGINS = 256;

export class AuthClient extends EventTarget {
  #core;
  #origins;

  constructor(options = {}) {
    super();
    const { url, origins, fetch, parts } = guarded("options", () => readOptions(options));
    if (fetch != null && typeof fetch !== "function") throw wrong("fetch must be a function");
    const service = originOf("url", url ?? parts.origin);
    const others = listOf("origins", origins ?? [], MOST_ORIGINS).map((one) =>
      originOf("origins", one),
    );
    this.#origins = new Set([service, ...others].map(({ origin }) => origin));
    const emit = (type, detail) => this.dispatchEvent(new CustomEvent(type, { detail }));
    this.#core = new Core({ platform: parts, url: service, emit });
  }

  get user() {
    return AuthClient.#coreOf(this).session.user;
  }

  get status() {
    return AuthClient.#coreOf(this).session.status;
  }

  async ready() {
    const core = AuthClient.#coreOf(this);
    core.watch();
    for (;;) {
      await core.settling;
      if (this.status === "signed_in") {
        await core.greeting;
        return this.user;
      }
      await core.renewal.renew();
      if (this.status === "signed_out") return null;
    }
  }

  async login(given) {
    const body = texts(given, ["email", "password"]);
    return AuthClient.#coreOf(this).login("/auth/login", body, { 200: true });
  }

  async logout() {
    await AuthClient.#coreOf(this).logout();
  }

  async register(given) {
    const body = texts(given, ["email"], ["first_name", "last_name", "password"]);
    return AuthClient.#coreOf(this).login("/auth/register", body, { 201: true, 202: false });
  }

  async requestPasswordReset(email) {
    await AuthClient.#coreOf(this).send("/auth/password/reset", {
      body: texts({ email }, ["email"]),
      expect: ACCEPTED,
    });
  }

  async requestEmailVerification(email) {
    await AuthClient.#coreOf(this).send("/auth/email/resend", {
      body: texts({ email }, ["email"]),
      expect: ACCEPTED,
    });
  }

  async confirmPasswordReset(given) {
    const core = AuthClient.#coreOf(this);
    await core.send("/auth/password/confirm", {
      body: texts(given, ["token", "password"]),
      expect: DONE,
    });
    // It ended every session of its user, who may be ours.
    askAnew(core);
  }

  async verifyEmail(given) {
    const core = AuthClient.#coreOf(this);
    await core.send("/auth/email/verify", {
      body: texts(given, ["token", "password"]),
      expect: DONE,
    });
    askAnew(core);
  }

  async confirmEmailChange(token) {
    const core = AuthClient.#coreOf(this);
    await core.send("/auth/email/confirm", { body: texts({ token }, ["token"]), expect: DONE });
    // The token still says the old address.
    askAnew(core);
  }

  async changePassword(given) {
    await AuthClient.#coreOf(this).changePassword(
      texts(given, ["current_password", "new_password"]),
    );
  }

  async reauthenticate(password) {
    await AuthClient.#coreOf(this).reauthenticate(texts({ password }, ["password"]).password);
  }

  async changeEmail(given) {
    const body = texts(given, ["email", "current_password"]);
    const core = AuthClient.#coreOf(this);
    await core.authorized((token) =>
      core.send("/auth/email/change", { body, token, expect: ACCEPTED }),
    );
  }

  async deleteAccount(given) {
    await AuthClient.#coreOf(this).end(
      "/auth/me",
      texts(given, ["current_password"]),
      "account_deleted",
    );
  }

  async me() {
    const core = AuthClient.#coreOf(this);
    const answer = await get(core, "/auth/me");
    const user = readUser(answer.body);
    if (!user) throw notTheService(answer.status);
    return core.session.learn(user);
  }

  async sessions() {
    const answer = await get(AuthClient.#coreOf(this), "/auth/sessions");
    const sessions = readSessions(answer.body);
    if (!sessions) throw notTheService(answer.status);
    return sessions;
  }

  async endSession(id) {
    const core = AuthClient.#coreOf(this);
    // An id is a UUID. As `..` it would name another route.
    const isId = /^[A-Za-z0-9-]{1,64}$/.test(texts({ id }, ["id"]).id);
    if (!isId) throw wrong("id must be the id of a session");
    const path = `/auth/sessions/${id}`;
    if (core.session.claims?.sid === id) return core.end(path, undefined, "logout");
    return core.authorized(
      async (token) => void (await core.send(path, { method: "DELETE", token, expect: DONE })),
    );
  }

  async endOtherSessions() {
    const core = AuthClient.#coreOf(this);
    await core.authorized((token) =>
      core.send("/auth/sessions", { method: "DELETE", token, expect: DONE }),
    );
  }

  async accessToken() {
    return AuthClient.#coreOf(this).accessToken();
  }

  async fetch(input, init) {
    return fetchWithToken(AuthClient.#coreOf(this), this.#origins, input, init);
  }

  close() {
    AuthClient.#coreOf(this).close();
  }

  // A method that was torn off its client has none, and neither has a proxy of a client.
  static #coreOf(client) {
    if (typeof client !== "object" || client === null || !(#core in client))
      throw wrong("It must be called on its AuthClient");
    return client.#core;
  }
}

function get(core, path) {
  return core.authorized((token) =>
    core.send(path, { method: "GET", token, expect: { 200: true } }),
  );
}

// What the service was told may have changed or ended the session.
function askAnew(core) {
  if (core.session.status === "signed_in") core.renewal.doubt();
}

// Each is read once: what was checked is what is used.
function readOptions({ url, origins, fetch, platform: replaced }) {
  return { url, origins, fetch, parts: platform({ ...replaced, ...(fetch && { fetch }) }) };
}

// The members of `given` that the service takes, all of them text. Others are a mistake of the caller's.
function texts(given, required, optional = []) {
  if (given === null || typeof given !== "object") throw wrong(`needed: ${required.join(", ")}`);
  const body = {};
  for (const name of [...required, ...optional]) {
    const value = guarded(name, () => given[name]);
    if (value === undefined && optional.includes(name)) continue;
    if (typeof value !== "string") throw wrong(`${name} must be a string`);
    body[name] = value;
  }
  return body;
}

function originOf(name, value) {
  const text = guarded(name, () => String(value));
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || `${url.origin}/` !== url.href) {
    throw wrong(`${name}: an origin like https://auth.example.com is needed`);
  }
  return url;
}
