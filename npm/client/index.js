// AuthClient: signs in at an edgegate service and keeps the session going. index.d.ts documents it.
import { EdgegateError } from "../errors.js";
import { readSessions, readUser } from "./answers.js";
import { Core } from "./core.js";
import { fetchWithToken } from "./fetch.js";
import { platform } from "./platform.js";
import { notTheService } from "./request.js";

export { EdgegateError };

const ACCEPTED = { 202: false };
const DONE = { 204: false };

export class AuthClient extends EventTarget {
  #core;
  #origins;

  constructor(options = {}) {
    super();
    const parts = platform({ ...options.platform, ...(options.fetch && { fetch: options.fetch }) });
    const url = originOf("url", options.url ?? parts.origin);
    const others = list("origins", options.origins ?? []).map((one) => originOf("origins", one));
    this.#origins = new Set([url, ...others].map(({ origin }) => origin));
    const emit = (type, detail) => this.dispatchEvent(new CustomEvent(type, { detail }));
    this.#core = new Core({ platform: parts, url, emit });
  }

  get user() {
    return this.#core.session.user;
  }

  get status() {
    return this.#core.session.status;
  }

  async ready() {
    const core = this.#core;
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
    return this.#core.login("/auth/login", body, { 200: true });
  }

  async logout() {
    await this.#core.logout();
  }

  async register(given) {
    const body = texts(given, ["email"], ["first_name", "last_name", "password"]);
    return this.#core.login("/auth/register", body, { 201: true, 202: false });
  }

  async requestPasswordReset(email) {
    await this.#core.send("/auth/password/reset", { body: texts({ email }, ["email"]), expect: ACCEPTED });
  }

  async requestEmailVerification(email) {
    await this.#core.send("/auth/email/resend", { body: texts({ email }, ["email"]), expect: ACCEPTED });
  }

  async confirmPasswordReset(given) {
    await this.#core.send("/auth/password/confirm", { body: texts(given, ["token", "password"]), expect: DONE });
    // It ended every session of its user, who may be ours.
    this.#askAnew();
  }

  async verifyEmail(given) {
    await this.#core.send("/auth/email/verify", { body: texts(given, ["token", "password"]), expect: DONE });
    this.#askAnew();
  }

  async confirmEmailChange(token) {
    await this.#core.send("/auth/email/confirm", { body: texts({ token }, ["token"]), expect: DONE });
    // The token still says the old address.
    this.#askAnew();
  }

  async changePassword(given) {
    await this.#core.changePassword(texts(given, ["current_password", "new_password"]));
  }

  async reauthenticate(password) {
    await this.#core.reauthenticate(texts({ password }, ["password"]).password);
  }

  async changeEmail(given) {
    const body = texts(given, ["email", "current_password"]);
    await this.#core.authorized((token) => this.#core.send("/auth/email/change", { body, token, expect: ACCEPTED }));
  }

  async deleteAccount(given) {
    await this.#core.end("/auth/me", texts(given, ["current_password"]), "account_deleted");
  }

  async me() {
    const answer = await this.#get("/auth/me");
    const user = readUser(answer.body);
    if (!user) throw notTheService(answer.status);
    return this.#core.session.learn(user);
  }

  async sessions() {
    const answer = await this.#get("/auth/sessions");
    const sessions = readSessions(answer.body);
    if (!sessions) throw notTheService(answer.status);
    return sessions;
  }

  async endSession(id) {
    const core = this.#core;
    // An id is a UUID. As `..` it would name another route.
    const isId = /^[A-Za-z0-9-]{1,64}$/.test(texts({ id }, ["id"]).id);
    if (!isId) throw new EdgegateError("invalid_argument", "id: none of a session");
    const path = `/auth/sessions/${id}`;
    if (core.session.claims?.sid === id) return core.end(path, undefined, "logout");
    return core.authorized(async (token) => void (await core.send(path, { method: "DELETE", token, expect: DONE })));
  }

  async endOtherSessions() {
    await this.#core.authorized((token) => this.#core.send("/auth/sessions", { method: "DELETE", token, expect: DONE }));
  }

  async accessToken() {
    return this.#core.accessToken();
  }

  async fetch(input, init) {
    return fetchWithToken(this.#core, this.#origins, input, init);
  }

  close() {
    this.#core.close();
  }

  #askAnew() {
    if (this.status === "signed_in") this.#core.renewal.doubt();
  }

  #get(path) {
    return this.#core.authorized((token) => this.#core.send(path, { method: "GET", token, expect: { 200: true } }));
  }
}

// The members of `given` that the service takes, all of them text. Others are a mistake of the caller's.
function texts(given, required, optional = []) {
  if (given === null || typeof given !== "object") throw new EdgegateError("invalid_argument", `needed: ${required.join(", ")}`);
  const body = {};
  for (const name of [...required, ...optional]) {
    const value = given[name];
    if (value === undefined && optional.includes(name)) continue;
    if (typeof value !== "string") throw new EdgegateError("invalid_argument", `${name} must be a string`);
    body[name] = value;
  }
  return body;
}

function list(name, value) {
  if (typeof value === "string" || typeof value?.[Symbol.iterator] !== "function") {
    throw new EdgegateError("invalid_argument", `${name} must be a list`);
  }
  return [...value];
}

function originOf(name, value) {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (!url || !/^https?:$/.test(url.protocol) || `${url.origin}/` !== url.href) {
    throw new EdgegateError("invalid_argument", `${name}: an origin like https://auth.example.com is needed`);
  }
  return url;
}
