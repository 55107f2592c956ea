// A fake of the service. It implements those parts of docs and openapi.yaml that the client needs:
// sessions in a cookie, refresh tokens that rotate, and access tokens of the right form. The
// refresh token that was used last can be used again without a time limit. The signatures of the
// tokens are not valid, because nothing in these tests checks them.
const LIFE_SECONDS = 600;
const ROTATE_AFTER_MS = 90_000;
const PROOF_MS = 600_000;

export const ADA = {
  id: "019ab7a1-0000-7000-8000-00000000ada0",
  email: "Ada@Example.com",
  email_verified: true,
  first_name: "Ada",
  last_name: "Lovelace",
  roles: ["user"],
};
export const BOB = {
  id: "019ab7a1-0000-7000-8000-00000000b0b0",
  email: "bob@example.com",
  email_verified: true,
  first_name: "Bob",
  last_name: null,
  roles: ["user"],
};
export const PASSWORD = "correct horse battery staple";

/**
 * @typedef {{
 *   path: string, origin: string, method: string, headers: Headers, body: string,
 *   cookie: string | undefined, keepalive: boolean, at: number, tab: object, status?: number
 * }} Entry a request
 * @typedef {Response | "offline" | "hang" | undefined} Fault
 * @typedef {{
 *   id: string, email: string, email_verified: boolean, first_name: string | null,
 *   last_name: string | null, roles: string[], password: string, version: number
 * }} Stored a user
 */

export class Service {
  /** @type {Map<string, Stored>} */
  users = new Map([ADA, BOB].map((user) => [user.id, { ...user, password: PASSWORD, version: 1 }]));
  sessions = new Map();
  /** All requests so far, each as an `Entry`. */
  log = [];
  /**
   * A test can set this function to replace an answer of the service. The function gets the
   * request. It returns an answer, or "offline" (the request fails), or "hang" (no answer comes),
   * or `undefined` (the usual answer is sent).
   *
   * @type {(entry: Entry) => Fault | Promise<Fault>}
   */
  fault = () => undefined;
  /** Whether the answers have a `Date` header that scripts in the page can read. */
  sendsDate = true;
  life = LIFE_SECONDS;

  #time;
  #next = 0;

  constructor(time) {
    this.#time = time;
  }

  /** Returns the user with this id. Throws if there is no such user. */
  user(id) {
    const user = this.users.get(id);
    if (!user) throw new Error(`no user ${id}`);
    return user;
  }

  /** Returns how many requests the service has received for this path. */
  count(path) {
    return this.log.filter((it) => it.path === path).length;
  }

  async answer(request, body, cookie, tab) {
    const { pathname: path, origin } = new URL(request.url);
    /** @type {Entry} */
    const entry = {
      path,
      origin,
      method: request.method,
      headers: request.headers,
      body,
      cookie,
      keepalive: request.keepalive,
      at: this.#time(),
      tab,
    };
    this.log.push(entry);
    const fault = await this.fault(entry);
    if (typeof fault === "string") return { response: fault };
    if (fault) return { response: fault };
    const answered = this.#route(entry);
    entry.status = answered.response.status;
    return answered;
  }

  /**
   * Ends all sessions of a user, as the service does when the user resets the password on another
   * device.
   */
  endSessions(userId) {
    for (const session of this.sessions.values()) if (session.user === userId) session.over = true;
  }

  /**
   * Returns an access token in the form in which the service would issue it.
   *
   * @param {Stored} user
   * @param {string} sid
   * @param {{ iat?: number, life?: number, [claim: string]: unknown }} [claims]
   */
  token(user, sid, { iat = Math.floor(this.#time() / 1000), life = this.life, ...more } = {}) {
    const { id: sub, email, email_verified, roles, version: ver } = user;
    const claims = {
      iss: "https://app.example.com",
      sub,
      aud: "edgegate",
      client_id: "web",
      iat,
      exp: iat + life,
      jti: `${++this.#next}`,
      sid,
      ver,
      roles,
      email: email.toLowerCase(),
      email_verified,
      ...more,
    };
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "EdDSA", typ: "at+jwt", kid: "1" })}.${part(claims)}.c2lnbmF0dXJl`;
  }

  /**
   * Returns the session and the user of a bearer token. Returns undefined if the token is not valid
   * at this time.
   */
  check(authorization) {
    const payload = authorization?.match(/^Bearer [^.]+\.([^.]+)\./)?.[1];
    if (!payload) return undefined;
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const session = this.sessions.get(claims.sid);
    const user = this.users.get(claims.sub);
    if (
      !session ||
      session.over ||
      !user ||
      claims.ver < user.version ||
      claims.exp * 1000 <= this.#time()
    )
      return undefined;
    return { session, user };
  }

  #route(entry) {
    const { path, method } = entry;
    const isJson = entry.headers.get("Content-Type") === "application/json";
    const body = isJson ? JSON.parse(entry.body) : {};
    switch (`${method} ${path}`) {
      case "POST /auth/login":
        return this.#login(body, entry.cookie);
      case "POST /auth/token":
        return this.#renew(entry.cookie);
      case "POST /auth/revoke":
        return this.#revoke(entry.cookie, body);
      case "POST /auth/register":
        return body.password === undefined ? this.#empty(202) : this.#register(body);
      case "POST /auth/password/reset":
      case "POST /auth/email/resend":
        return this.#empty(202);
      case "POST /auth/password/confirm":
      case "POST /auth/email/verify":
      case "POST /auth/email/confirm":
        return this.#empty(204);
    }
    const checked = this.check(entry.headers.get("Authorization"));
    if (!checked)
      return this.#problem(
        401,
        "invalid_token",
        {},
        { "WWW-Authenticate": 'Bearer error="invalid_token"' },
      );
    return this.#authorized(method, path, body, checked, entry);
  }

  #authorized(method, path, body, { session, user }, { cookie, body: text }) {
    if (path === "/auth/reauthenticate")
      return this.#reauthenticate(body, { session, user }, cookie);
    if (path === "/auth/sensitive" && this.#time() - session.provedAt > PROOF_MS)
      return this.#proofNeeded();
    const isWrong = "current_password" in body && body.current_password !== user.password;
    if (isWrong) return this.#wrongPassword();
    if (path === "/auth/me" && method === "GET") return this.#json(200, publicly(user));
    if (path === "/auth/me") {
      this.endSessions(user.id);
      this.users.delete(user.id);
      return this.#forget(cookie, (it) => it.user === user.id);
    }
    if (path === "/auth/password/change") {
      this.endSessions(user.id);
      user.password = body.new_password;
      user.version += 1;
      return this.#tokens(this.#begin(user, cookie));
    }
    if (path === "/auth/email/change") return this.#empty(202);
    if (path === "/auth/sessions" && method === "GET") {
      const own = [...this.sessions.values()].filter((it) => it.user === user.id && !it.over);
      return this.#json(200, {
        sessions: own.map(({ id }) => ({ id, current: id === session.id })),
      });
    }
    const id = path.match(/^\/auth\/sessions\/(.+)$/)?.[1];
    if (id) {
      const other = this.sessions.get(id);
      if (!other || other.over) return this.#problem(404, "not_found");
      other.over = true;
      return this.#forget(cookie, (it) => it === other);
    }
    if (path === "/auth/sessions") {
      for (const other of this.sessions.values())
        if (other !== session && other.user === user.id) other.over = true;
      return this.#empty(204);
    }
    return this.#json(200, { path, user: user.id, body: text });
  }

  #login({ email, password, cookie: wanted }, cookie) {
    if (wanted !== true) throw new Error("this client signs in with a cookie");
    const user = [...this.users.values()].find((it) => it.email === email);
    if (!user || user.password !== password) return this.#wrongPassword();
    return this.#tokens(this.#begin(user, cookie), publicly(user));
  }

  // A refresh token consists of the session's id and a number that grows with each rotation. This
  // answer does not raise the number. So if the answer is lost, the token in the cookie is still
  // valid.
  #reauthenticate({ password, cookie: wanted }, { session, user }, cookie) {
    if (wanted !== true) throw new Error("this client proves with a cookie");
    if (password !== user.password) return this.#wrongPassword();
    const counter =
      this.#sessionOf(cookie) === session ? Number(cookie.split(".")[1]) : session.used + 1;
    session.provedAt = this.#time();
    return {
      response: this.#pair(session, user, { user: publicly(user) }),
      setCookie: `${session.id}.${counter}`,
    };
  }

  #wrongPassword() {
    const challenge = 'Edgegate realm="edgegate", error="invalid_credentials"';
    return this.#problem(401, "invalid_credentials", {}, { "WWW-Authenticate": challenge });
  }

  #proofNeeded() {
    const challenge =
      'Bearer realm="edgegate", error="insufficient_user_authentication", error_description="Enter it again", max_age="600"';
    return this.#problem(
      401,
      "reauthentication_required",
      { max_age: 600 },
      { "WWW-Authenticate": challenge },
    );
  }

  #register({ email, password, first_name = null, last_name = null }) {
    const user = {
      id: `new-${email}`,
      email,
      email_verified: false,
      first_name,
      last_name,
      roles: ["user"],
      password,
      version: 1,
    };
    this.users.set(user.id, user);
    const answered = this.#tokens(this.#begin(user), publicly(user));
    return {
      ...answered,
      response: new Response(answered.response.body, {
        status: 201,
        headers: answered.response.headers,
      }),
    };
  }

  // Begins a session. Ends the session that was in the cookie before.
  #begin(user, cookie) {
    const before = this.#sessionOf(cookie);
    if (before) before.over = true;
    const session = {
      id: `session-${++this.#next}`,
      user: user.id,
      over: false,
      used: -1,
      usedAt: this.#time(),
      provedAt: this.#time(),
    };
    this.sessions.set(session.id, session);
    return session;
  }

  // Decides whether a refresh token is "kept", "fresh", "repeated" or "reused". docs/storage.md
  // defines these words. In these tests all tabs belong to one browser, so the token that was used
  // last is always "repeated", however late it comes.
  #renew(cookie) {
    const session = this.#sessionOf(cookie);
    const counter = Number(cookie?.split(".")[1]);
    const user = this.users.get(session?.user);
    if (!session || session.over || !user) return this.#dead();
    const since = this.#time() - session.usedAt;
    if (counter === session.used + 1 && since < ROTATE_AFTER_MS)
      return { response: this.#pair(session, user) };
    if (counter > session.used) Object.assign(session, { used: counter, usedAt: this.#time() });
    else if (counter < session.used) {
      session.over = session.reused = true;
      return this.#dead();
    }
    return this.#tokens(session);
  }

  #dead() {
    return { response: this.#oauthError("invalid_grant"), setCookie: "" };
  }

  #revoke(cookie, { session_id }) {
    const session = this.#sessionOf(cookie);
    if (session && session_id !== undefined && session.id !== session_id)
      return { response: this.#oauthError("invalid_grant") };
    if (session) session.over = true;
    return { ...this.#json(200, {}), setCookie: "" };
  }

  // Returns a 204. If the request ended the session of the cookie, the answer also clears the
  // cookie.
  #forget(cookie, isEnded) {
    const session = this.#sessionOf(cookie);
    return { ...this.#empty(204), ...(session && isEnded(session) && { setCookie: "" }) };
  }

  #sessionOf(cookie) {
    return this.sessions.get(cookie?.split(".")[0]);
  }

  #tokens(session, user) {
    const setCookie = `${session.id}.${session.used + 1}`;
    return {
      response: this.#pair(session, this.users.get(session.user), user && { user }),
      setCookie,
    };
  }

  #pair(session, user, more = {}) {
    return this.#json(200, {
      access_token: this.token(user, session.id, {
        auth_time: Math.floor(session.provedAt / 1000),
      }),
      token_type: "Bearer",
      expires_in: this.life,
      refresh_token_expires_in: 7_776_000,
      ...more,
    }).response;
  }

  #json(status, body, headers = {}, type = "application/json") {
    return {
      response: new Response(JSON.stringify(body), {
        status,
        headers: { "Content-Type": type, ...this.#date(), ...headers },
      }),
    };
  }

  #empty(status) {
    return { response: new Response(null, { status, headers: this.#date() }) };
  }

  #problem(status, code, more = {}, headers = {}) {
    return this.#json(
      status,
      { type: "about:blank", title: code, status, code, detail: code, ...more },
      headers,
      "application/problem+json",
    );
  }

  #oauthError(error) {
    return this.#json(400, { error, error_description: error }).response;
  }

  /** @returns {Record<string, string>} */
  #date() {
    return this.sendsDate ? { Date: new Date(this.#time()).toUTCString() } : {};
  }
}

/** Returns an error answer (problem+json) as the service sends it. */
export const problem = (status, code, headers = {}, more = {}) =>
  new Response(
    JSON.stringify({ type: "about:blank", title: code, status, code, detail: code, ...more }),
    {
      status,
      headers: { "Content-Type": "application/problem+json", "X-Request-Id": "5f0c", ...headers },
    },
  );

/** Returns a page that a captive portal or a proxy sends instead of the service's answer. */
export const page = (status = 200) =>
  new Response("<!doctype html><title>Welcome to the hotel</title>", {
    status,
    headers: { "Content-Type": "text/html" },
  });

function publicly({ id, email, email_verified, first_name, last_name, roles }) {
  return { id, email, email_verified, first_name, last_name, roles };
}
