// A page of cookie mode, as a browser plays it: it sends its Origin and the one cookie, and minds Set-Cookie.
import assert from "node:assert/strict";
import { clientOf } from "./client.mjs";

export const NAME = "edgegate";

/** The Set-Cookie of an answer as `{ name, value, attributes }`, undefined without one. The device's cookie is left out: it opens
 *  nothing, and auth/guessing.test.mjs has its tests. */
export function setCookieOf({ headers }) {
  const all = headers.getSetCookie().filter((cookie) => !/^[^=]*-device=/.test(cookie));
  assert.ok(all.length <= 1, `at most one cookie: ${all}`);
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
 * `page.post(path, json, options)` and so on; `page.cookie` is the value in the jar, null for none.
 * No answer that sets the cookie may name a refresh token, and nothing but an answer to this page changes its jar.
 */
export function pageOf(edge, { origin = edge.origin, name = NAME, cookie = null } = {}) {
  const client = clientOf(edge);
  const page = { cookie, client };
  page.headers = () => ({
    origin,
    ...(page.cookie !== null && { cookie: `theme=dark; ${name}=${page.cookie}` }),
  });
  page.call = async (method, path, { headers, ...options } = {}) => {
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
