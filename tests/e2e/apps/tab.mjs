// Acts as a tab of a browser. It stores the cookies that the service sets. `navigate` and `submit`
// send the cookies that their SameSite attribute allows, and the Sec-Fetch headers of a browser.
// `post` acts as a script and sends all cookies.
import assert from "node:assert/strict";
import { clientOf, PASSWORD } from "../client.mjs";

/** A first-party app, an app of another company, and their redirect URIs. */
export const OWN = "own-app";
export const OTHER = "other-app";
export const CALLBACK = "https://app.example.com/callback";
export const BYE = "https://app.example.com/bye";
export const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/** Adds the two apps to the database. */
export async function addApps(edge) {
  const insert = edge.db.prepare(
    `INSERT INTO clients (id, name, type, first_party, redirect_uris, post_logout_redirect_uris,
       resources, scopes, created_at, version)
     VALUES (?1, ?2, 'public', ?3, ?4, ?5, '[]', '[]', 0, 0)`,
  );
  const uris = [JSON.stringify([CALLBACK]), JSON.stringify([BYE])];
  await edge.db.batch([
    insert.bind(OWN, "Own", 1, ...uris),
    insert.bind(OTHER, "Other", 0, ...uris),
  ]);
}

/**
 * Returns the URL of an app's authorization request. `changes` replaces parameters. A parameter
 * whose new value is undefined is removed.
 */
export function asking(client_id, /** @type {Record<string, string | undefined>} */ changes = {}) {
  const parameters = {
    response_type: "code",
    client_id,
    redirect_uri: CALLBACK,
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    state: "a&b=c",
    ...changes,
  };
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return `/auth/authorize?${new URLSearchParams(/** @type {string[][]} */ (given))}`;
}

/** Opens a tab. It has methods such as `tab.navigate(path)`, and its cookies are in `tab.jar`. */
export function tabOf(edge) {
  const client = clientOf(edge);
  /** @type {Map<string, { value: string, sameSite: string }>} */
  const jar = new Map();
  const cookiesFor = (/** @type {(sameSite: string) => boolean} */ isSent) => {
    const sent = [...jar].filter(([, { sameSite }]) => isSent(sameSite));
    return sent.length === 0
      ? {}
      : { cookie: sent.map(([name, { value }]) => `${name}=${value}`).join("; ") };
  };
  const keep = (answer) => {
    for (const text of answer.headers.getSetCookie()) {
      const [, name, value, rest] = /^([^=]+)=([^;]*)(.*)$/.exec(text) ?? assert.fail(text);
      const [, sameSite] = /SameSite=(\w+)/.exec(rest) ?? assert.fail(text);
      if (/Max-Age=0$/.test(rest)) jar.delete(name);
      else jar.set(name, { value, sameSite });
    }
    return answer;
  };
  const call = async (method, path, options) => keep(await client.call(method, path, options));
  return {
    jar,
    client,
    /** Returns the value of a cookie. Fails if the tab has no such cookie. */
    cookie: (/** @type {string} */ name) =>
      (jar.get(name) ?? assert.fail(`no cookie ${name}`)).value,
    /**
     * Navigates as if the user followed a link on another site, or as if that site redirected the
     * browser to the service. `headers` replaces headers that a browser would send.
     */
    navigate: (path, headers = {}) =>
      call("GET", path, {
        headers: {
          accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
          "sec-fetch-site": "cross-site",
          "sec-fetch-dest": "document",
          ...cookiesFor((sameSite) => sameSite !== "Strict"),
          ...headers,
        },
      }),
    /** Submits a form on a page of the service, or on a page of another site. */
    submit: (path, form, site = "same-origin") =>
      call("POST", path, {
        form,
        headers: {
          origin: site === "same-origin" ? edge.origin : "https://evil.example",
          "sec-fetch-site": site,
          "sec-fetch-dest": "document",
          ...cookiesFor(() => site === "same-origin"),
        },
      }),
    /**
     * Sends a request as a script on a page of `origin` would. The request carries all cookies,
     * even if `origin` is another site. A browser would not send the cookies from another site.
     */
    post: (path, json, origin = edge.origin) =>
      call("POST", path, { json, headers: { origin, ...cookiesFor(() => true) } }),
    async logIn(email) {
      const answer = await this.post("/auth/login", { email, password: PASSWORD, cookie: true });
      assert.equal(answer.status, 200);
      return answer.body.user;
    },
    decide(request, user, allow = true) {
      return this.post("/auth/authorize/decision", { request, user_id: user.id, allow });
    },
  };
}

/** Checks that an answer is a redirect. Returns the address to which it redirects. */
export function locationOf({ status, headers, body }) {
  assert.equal(status, 303, JSON.stringify(body));
  return headers.get("location");
}

/**
 * Returns the parameters that the service sends to an app in the redirect `url`. Checks that
 * `state` and `iss` are among them.
 */
export function answerTo(url, issuer) {
  assert.ok(url.startsWith(`${CALLBACK}?`), url);
  const parameters = Object.fromEntries(new URL(url).searchParams);
  assert.equal(parameters.iss, issuer);
  assert.equal(parameters.state, "a&b=c");
  return parameters;
}

/**
 * Returns the authorization request in the address `url`. The service has sealed it with a MAC.
 * Checks that `url` is the address of the page `page`.
 */
export function sealedFor(url, page) {
  const [, path, sealed] =
    /^http:\/\/127\.0\.0\.1:8787(\/[\w-]+)#request=(egq_[\w-]+)$/.exec(url) ?? assert.fail(url);
  assert.equal(path, page);
  return sealed;
}
