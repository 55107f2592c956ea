// Acts as a page in a browser whose session is in a cookie (cookie mode). The page sends its Origin
// and the cookie with each request, and obeys the Set-Cookie header of each answer.
import assert from "node:assert/strict";
import { ADA, clientOf, PASSWORD } from "./client.mjs";

/** The cookie's name ends in the port of the tests' ISSUER, because the tests use plain HTTP. */
export const NAME = "edgegate-8787";

/** The body of a login request of Ada in cookie mode. */
export const LOGIN = { email: ADA, password: PASSWORD, cookie: true };

/** Returns whether the service still accepts an access token. */
export const goesOn = async (page, access_token) =>
  (await page.client.authorized({ role: "user" }, access_token)).status === 200;

/**
 * Returns the cookie with the refresh token that an answer sets, as `{ name, value, attributes }`.
 * Returns undefined if the answer sets no such cookie. Checks that the answer sets or clears the
 * sign-on cookie (for signing in to apps) together with this cookie, and with the same attributes
 * except SameSite.
 *
 * Ignores the cookie that recognizes a device, which auth/guessing.test.mjs tests.
 * apps/authorize.test.mjs tests what the sign-on cookie allows.
 */
export function setCookieOf({ headers }) {
  const cookies = headers.getSetCookie().filter((cookie) => !/^[^=]*-device=/.test(cookie));
  const isSignOn = (cookie) => /^(__Host-edgegate-sso|edgegate-sso-\d+)=/.test(cookie);
  const [all, signOns] = [cookies.filter((cookie) => !isSignOn(cookie)), cookies.filter(isSignOn)];
  assert.ok(all.length <= 1, `at most one cookie: ${all}`);
  assert.equal(signOns.length, all.length, "the sign-on comes and goes with the refresh token");
  const attributesOf = (cookie) => cookie.replace(/^[^;]*/, "").replace("Lax", "Strict");
  assert.deepEqual(signOns.map(attributesOf), all.map(attributesOf));
  if (all.length === 0) return undefined;
  const [pair, ...attributes] = all[0].split("; ");
  const [name, value] = pair.split(/=(.*)/s);
  return { name, value, attributes: attributes.join("; ") };
}

export const isCleared = (answer) => {
  const cookie = setCookieOf(answer);
  return cookie?.value === "" && cookie.attributes.endsWith("Max-Age=0");
};

/**
 * Returns a page with methods such as `page.post(path, json, options)`. `page.cookie` is the
 * current value of the page's cookie, or null. Only answers to this page change the value. For each
 * answer that sets the cookie, the page checks that the body contains no refresh token.
 */
export function pageOf(
  edge,
  /** @type {{ origin?: string, name?: string, cookie?: string | null }} */ {
    origin = edge.origin,
    name = NAME,
    cookie = null,
  } = {},
) {
  const client = clientOf(edge);
  const page = { cookie, client };
  page.headers = () => ({
    origin,
    ...(page.cookie !== null && { cookie: `theme=dark; ${name}=${page.cookie}` }),
  });
  page.call = async (
    method,
    path,
    /** @type {{ headers?: object, [option: string]: unknown }} */ { headers, ...options } = {},
  ) => {
    const answer = await client.call(method, path, {
      ...options,
      headers: { ...page.headers(), ...headers },
    });
    const set = setCookieOf(answer);
    if (set) {
      assert.equal(set.name, name);
      assert.ok(
        !("refresh_token" in Object(answer.body)),
        "never both a cookie and a token in the body",
      );
      page.cookie = isCleared(answer) ? null : set.value;
    }
    return answer;
  };
  page.post = (path, json, options) => page.call("POST", path, { ...options, json });
  page.logIn = async (email, password, more = {}) => {
    const answer = await page.post("/auth/login", { email, password, cookie: true, ...more });
    if (answer.status !== 200)
      throw new Error(`login of ${email}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  page.renew = (options) => page.post("/auth/token", { grant_type: "refresh_token" }, options);
  return page;
}
