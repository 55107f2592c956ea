// A client that many e2e tests use to call a Worker. It has a method for each frequent call, and it
// checks every answer against openapi.yaml.
import { noteBody } from "../logs/keep.mjs";
import { assertInContract } from "./contract.mjs";

export const PASSWORD = "correct horse battery staple";
export const ADA = "ada@example.com";
export const ROOT = "root@example.com";

/**
 * @typedef {object} CallOptions
 * @property {string} [token] an access token
 * @property {unknown} [json]
 * @property {Record<string, string>} [form]
 * @property {Record<string, string>} [headers]
 * @property {any} [body] is sent unchanged, instead of `json` or `form`
 * @property {object} [cf] the value of `request.cf` in the Worker
 */

/**
 * Returns a client for one Worker. Every call returns `{ status, headers, body }`. A JSON body is
 * parsed.
 */
export function clientOf(edge) {
  const call = async (
    /** @type {string} */ method,
    /** @type {string} */ path,
    /** @type {CallOptions} */ { token, json, form, headers = {}, body, cf } = {},
  ) => {
    /** @type {RequestInit & { headers: Record<string, string>, cf?: object }} */
    const init = { method, headers: { ...headers }, redirect: "manual", ...(cf && { cf }) };
    if (token !== undefined) init.headers.authorization = `Bearer ${token}`;
    if (json !== undefined) {
      init.headers["content-type"] ??= "application/json";
      init.body = JSON.stringify(json);
    }
    if (form !== undefined) init.body = new URLSearchParams(form);
    if (body !== undefined) init.body = body;
    const answer = await edge.fetch(path, init);
    const text = await answer.text();
    const isJson = /[/+]json\b/.test(answer.headers.get("content-type") ?? "");
    const seen = {
      status: answer.status,
      headers: answer.headers,
      body: isJson && text !== "" ? JSON.parse(text) : text,
    };
    for (const told of [json, form, seen.body]) noteBody(told);
    assertInContract(method, new URL(path, edge.origin).href, seen);
    return seen;
  };
  const logIn = async (email, password = PASSWORD, options = {}) => {
    const answer = await call("POST", "/auth/login", { ...options, json: { email, password } });
    if (answer.status !== 200)
      throw new Error(`login of ${email}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    call,
    get: (path, options) => call("GET", path, options),
    post: (path, options) => call("POST", path, options),
    patch: (path, options) => call("PATCH", path, options),
    del: (path, options) => call("DELETE", path, options),
    logIn,
    renew: (refresh_token, options) =>
      call("POST", "/auth/token", {
        ...options,
        form: { grant_type: "refresh_token", refresh_token },
      }),
    authorized: (query, token) =>
      call("GET", `/auth/authorized?${new URLSearchParams(query)}`, { token }),
  };
}

/** Returns the claims of an access token. The signature is not verified. */
export const claimsOf = (access_token) =>
  JSON.parse(Buffer.from(access_token.split(".")[1], "base64url").toString());

/**
 * Repeats the request until an answer is 429, and returns all answers. The runtime counts the
 * requests of each minute of the wall clock. So with a limit of 10 requests a minute, 20 requests
 * can succeed if a new minute begins between them. If even `2 * limit + 1` requests get no 429, the
 * limit does not work, and the function stops.
 */
export async function untilLimited(limit, ask) {
  const answers = [];
  while (answers.length <= 2 * limit && answers.at(-1)?.status !== 429)
    answers.push(await ask(answers.length));
  return answers;
}
