// A fake of the service as an app sees it. It has the authorization endpoint, to which the browser
// navigates, the token endpoint, and the endpoints for keys and for revocation. It signs the
// id_tokens, and checks the client_id, the redirect URI and the PKCE values of requests.
import { webcrypto } from "node:crypto";
import { ADA, BOB } from "./service.mjs";

export const ISSUER = "https://auth.example.net";
export const CLIENT_ID = "spa";
export const REDIRECT_URI = "https://app.example.com/callback";

/**
 * @typedef {{ header: Record<string, any>, claims: Record<string, any>, signer: CryptoKeyPair }} Draft
 * @typedef {{ path: string, form: Record<string, string>, headers: Headers, credentials: string }} Entry
 */

const algorithms = {
  EdDSA: { name: "Ed25519" },
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  RS256: {
    ...{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048 },
    publicExponent: Uint8Array.of(1, 0, 1),
  },
};
const pairs = new Map();
/** @returns {Promise<CryptoKeyPair>} */
export async function pairFor(alg) {
  if (!pairs.has(alg))
    pairs.set(alg, webcrypto.subtle.generateKey(algorithms[alg], true, ["sign", "verify"]));
  return pairs.get(alg);
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class Issuer {
  /** The user who is signed in at the service in this browser. */
  /** @type {typeof ADA | null} */
  signedOn = null;
  alg = "EdDSA";
  kid = "1";
  life = 600;
  /** @type {Entry[]} */
  log = [];
  /** @type {URLSearchParams[]} The parameters of all authorization requests so far. */
  asked = [];
  codes = new Map();
  sessions = new Map();
  /**
   * A test can set this function to replace an answer. If it returns `undefined`, the usual answer
   * is sent.
   */
  /** @type {(entry: Entry) => Response | "offline" | undefined} */
  fault = () => undefined;
  /**
   * A test can set this function to change an id_token before it is signed. If the function returns
   * a string, this string is sent instead of the id_token.
   */
  /** @type {(draft: Draft) => void | string | undefined | Promise<void>} */
  forge = () => {};
  /** @type {(body: Record<string, any>) => void} */
  change = () => {};
  #time;
  #next = 0;

  constructor(time, { origin = ISSUER, redirectUri = REDIRECT_URI } = {}) {
    this.#time = time;
    this.origin = origin;
    this.redirectUri = redirectUri;
  }

  count(path) {
    return this.log.filter((entry) => entry.path === path).length;
  }

  /**
   * Answers a navigation of the browser to `href`, an address of the authorization endpoint.
   * Returns the address to which the browser is redirected.
   */
  authorize(href, { user = this.signedOn, error = "login_required" } = {}) {
    const url = new URL(href);
    if (url.origin !== this.origin || url.pathname !== "/auth/authorize") throw new Error(href);
    const asked = url.searchParams;
    this.asked.push(asked);
    const back = new URL(asked.get("redirect_uri") ?? "");
    const answer = { state: asked.get("state") ?? "", iss: this.origin };
    const isRight =
      asked.get("response_type") === "code" &&
      asked.get("client_id") === CLIENT_ID &&
      asked.get("code_challenge_method") === "S256" &&
      back.href === this.redirectUri;
    if (!isRight) throw new Error(`a wrong request: ${href}`);
    Object.assign(answer, user ? { code: this.#code(asked, user) } : { error });
    for (const [name, value] of Object.entries(answer)) back.searchParams.set(name, value);
    return back.href;
  }

  #code(asked, user) {
    const code = `egk_${++this.#next}`;
    this.codes.set(code, { asked, user, session: null });
    return code;
  }

  async answer(request, body) {
    const path = new URL(request.url).pathname;
    /** @type {Record<string, any>} */
    const form = Object.fromEntries(new URLSearchParams(body));
    const entry = { path, form, headers: request.headers, credentials: request.credentials };
    this.log.push(entry);
    const fault = this.fault(entry);
    if (fault) return { response: fault };
    if (path === "/.well-known/jwks.json") return this.#json(200, await this.jwks());
    const isForm = /^application\/x-www-form-urlencoded\b/.test(
      request.headers.get("Content-Type") ?? "",
    );
    if (!isForm || form.client_id !== CLIENT_ID) return this.#error("invalid_request");
    if (path === "/auth/revoke") {
      const session = [...this.sessions.values()].find((one) => one.token === form.token);
      if (session) session.isOver = true;
      return this.#json(200, {});
    }
    if (path !== "/auth/token") return this.#json(404, {});
    return form.grant_type === "refresh_token" ? this.#renew(form) : this.#exchange(form);
  }

  async jwks() {
    const keys = [];
    for (const alg of Object.keys(algorithms)) {
      const jwk = await webcrypto.subtle.exportKey("jwk", (await pairFor(alg)).publicKey);
      const { kty, crv, x, y, n, e } = jwk;
      keys.push({ kty, crv, x, y, n, e, alg, use: "sig", kid: alg === this.alg ? this.kid : alg });
    }
    return { keys };
  }

  /** @param {Record<string, any>} form */
  async #exchange({ code, code_verifier, redirect_uri }) {
    const known = this.codes.get(code);
    const hash = await webcrypto.subtle.digest("SHA-256", Buffer.from(code_verifier ?? ""));
    const isOurs =
      known?.asked.get("code_challenge") === Buffer.from(hash).toString("base64url") &&
      known.asked.get("redirect_uri") === redirect_uri;
    if (!isOurs) return this.#error("invalid_grant");
    if (known.session) {
      known.session.isOver = true;
      return this.#error("invalid_grant");
    }
    const session = { id: `s${++this.#next}`, user: known.user, isOver: false, token: "", known };
    known.session = session;
    this.sessions.set(session.id, session);
    return this.#tokens(session, known.asked.get("nonce"));
  }

  /** @param {Record<string, any>} form */
  async #renew({ refresh_token }) {
    const session = [...this.sessions.values()].find(({ token }) => token === refresh_token);
    if (!session || session.isOver) return this.#error("invalid_grant");
    return this.#tokens(session, undefined);
  }

  async #tokens(session, nonce) {
    session.token = `ega_${++this.#next}`;
    const { user, known } = session;
    const scope = known.asked.get("scope");
    const body = {
      access_token: this.#accessToken(session, known.asked),
      ...{ token_type: "Bearer", expires_in: this.life, refresh_token: session.token, scope },
      id_token: await this.idToken(user, nonce),
    };
    this.change(body);
    return this.#json(200, body);
  }

  #accessToken({ id, user }, asked) {
    const iat = Math.floor(this.#time() / 1000);
    const claims = {
      ...{
        iss: this.origin,
        sub: user.id,
        aud: asked.get("resource") ?? `${this.origin}/auth/userinfo`,
      },
      ...{
        client_id: CLIENT_ID,
        iat,
        exp: iat + this.life,
        jti: `${++this.#next}`,
        sid: id,
        ver: 1,
      },
      ...{ scope: asked.get("scope"), roles: user.roles },
    };
    return `${encode({ alg: "EdDSA", typ: "at+jwt", kid: "1" })}.${encode(claims)}.c2ln`;
  }

  async idToken(user, nonce) {
    const now = Math.floor(this.#time() / 1000);
    /** @type {Draft} */
    const draft = {
      header: { alg: this.alg, kid: this.kid, typ: "JWT" },
      claims: {
        ...{ iss: this.origin, aud: CLIENT_ID, sub: user.id, iat: now, exp: now + this.life },
        ...{ auth_time: now, nonce, email: user.email, email_verified: user.email_verified },
        ...{ given_name: user.first_name, family_name: user.last_name ?? undefined, sid: "s" },
      },
      signer: await pairFor(this.alg),
    };
    const forged = await this.forge(draft);
    if (forged !== undefined) return forged;
    const signed = `${encode(draft.header)}.${encode(draft.claims)}`;
    const algorithm = /** @type {any} */ (draft.signer.privateKey.algorithm);
    const signature = await webcrypto.subtle.sign(
      { ...algorithm, hash: "SHA-256" },
      draft.signer.privateKey,
      Buffer.from(signed),
    );
    return `${signed}.${Buffer.from(signature).toString("base64url")}`;
  }

  #json(status, body) {
    const headers = {
      "Content-Type": "application/json",
      Date: new Date(this.#time()).toUTCString(),
    };
    return { response: new Response(JSON.stringify(body), { status, headers }) };
  }

  #error(error) {
    return this.#json(400, { error, error_description: error });
  }
}

export { ADA, BOB };
