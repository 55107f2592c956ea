// Cloudflare's API, with the credentials of wrangler.
import { Advice } from "./advice.js";
import { run } from "./run.js";
import { wrangler } from "./wrangler.js";

const API = "https://api.cloudflare.com/client/v4";
const SECONDS = 30;
const AGAIN = "Solve this and run the same command again: it continues where it stopped.";

/**
 * Thrown if a request to Cloudflare fails. `status` is the status of Cloudflare's answer. It is 0
 * if there was no answer, if it is possible that the answer comes from a proxy, or if the answer
 * reports a failure although its status is that of a success.
 */
export class Refused extends Advice {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Cloudflare's API for one account.
 *
 * @param {import("./project.js").Project} project
 * @param {{ account_id?: string }} config
 */
export async function cloudflareOf(project, config) {
  const headers = await headersOf(project);
  /**
   * Sends one request and returns the member `result` of the answer. Throws `Refused` if the
   * request fails.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  const send = (method, path, body) => sendOnce({ method, path, body, headers });
  const account = await accountOf(send, config.account_id ?? process.env.CLOUDFLARE_ACCOUNT_ID);
  return {
    account,
    /** @param {string} path below the account */
    get: (path) => send("GET", `/accounts/${account}${path}`),
    /**
     * Like `get`, but returns undefined if Cloudflare answers 404.
     *
     * @param {string} path below the account
     */
    async find(path) {
      try {
        return await this.get(path);
      } catch (error) {
        if (error instanceof Refused && error.status === 404) return undefined;
        throw error;
      }
    },
    /**
     * @param {string} path below the account
     * @param {unknown} body
     */
    post: (path, body) => send("POST", `/accounts/${account}${path}`, body),
  };
}

/** @typedef {Awaited<ReturnType<typeof cloudflareOf>>} Cloudflare */

/**
 * @param {{ method: string, path: string, body?: unknown, headers: Record<string, string> }} request
 */
async function sendOnce({ method, path, body, headers }) {
  const base = process.env.CLOUDFLARE_API_BASE_URL ?? API;
  const asked = `${method} ${path.replace(/\?.*/, "")}`;
  let response;
  let text;
  try {
    response = await fetch(`${base}${path}`, {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      // A redirect would carry the credentials to another host.
      redirect: "error",
      signal: AbortSignal.timeout(SECONDS * 1000),
    });
    text = await response.text();
  } catch (error) {
    const { message, cause } = /** @type {Error} */ (error);
    const reason = cause instanceof Error ? cause.message : message;
    throw new Refused(0, `Cloudflare did not answer ${asked}: ${reason}. ${AGAIN}`);
  }
  const answer = parse(text);
  if (response.ok && answer?.success === true) return answer.result;
  const errors = (answer?.errors ?? []).map(
    (/** @type {{ code?: number, message?: string }} */ { code, message }) =>
      `${message}${code ? ` (code ${code})` : ""}`,
  );
  const reason = errors.length > 0 ? errors.join("; ") : text.slice(0, 200);
  // An answer without Cloudflare's list of errors might come from a proxy. A 404 from a proxy does
  // not mean that the requested object is missing at Cloudflare. So the status is replaced by 0.
  const status = response.ok || errors.length === 0 ? 0 : response.status;
  throw new Refused(
    status,
    `Cloudflare answered ${response.status} to ${asked}: ${reason}. ${AGAIN}`,
  );
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The headers with the user's credentials, as wrangler would send them.
 *
 * @param {import("./project.js").Project} project
 * @returns {Promise<Record<string, string>>}
 */
async function headersOf(project) {
  const { CLOUDFLARE_API_TOKEN: token } = process.env;
  if (token) return { Authorization: `Bearer ${token}` };
  const [command, args, options] = wrangler(project, "auth", "token", "--json");
  return credentialsIn(await run(command, args, { ...options, capture: true }));
}

/**
 * The headers with the credentials that `wrangler auth token --json` printed. Throws if it printed
 * no credentials.
 *
 * @param {import("./run.js").Result} printed
 * @returns {Record<string, string>}
 */
export function credentialsIn({ code, stdout, stderr }) {
  const given = code === 0 ? objectsIn(stdout).find(({ token, key }) => token ?? key) : undefined;
  if (given?.type === "api_key") return { "X-Auth-Key": given.key, "X-Auth-Email": given.email };
  if (given) return { Authorization: `Bearer ${given.token}` };
  if (/not logged in/i.test(stdout + stderr))
    throw new Advice(
      "you are not signed in to Cloudflare: run `npx wrangler login` first. Off a terminal, set CLOUDFLARE_API_TOKEN to a token that may edit Workers, D1 and Queues.",
    );
  // The output of a successful run might contain the token, so it is not shown.
  const reason = code === 0 ? "its answer can't be read" : (stderr + stdout).trim();
  throw new Advice(
    `wrangler has no credentials for Cloudflare: ${reason}. Try \`npx wrangler whoami\`, or set CLOUDFLARE_API_TOKEN.`,
  );
}

/**
 * Finds the JSON objects in a text that also contains other lines.
 *
 * @param {string} text
 * @returns {any[]}
 */
function objectsIn(text) {
  const starts = [...text.matchAll(/\{/g)].map(({ index }) => index);
  const ends = [...text.matchAll(/\}/g)].map(({ index }) => index + 1);
  const pairs = starts.flatMap((from) => ends.map((to) => text.slice(from, to)));
  return pairs.map(parse).filter((value) => typeof value === "object" && value !== null);
}

/**
 * Returns the id of the account. If `given` is set, returns `given`. Otherwise returns the id of
 * the only account that the credentials can use. Throws if the credentials can use several
 * accounts, or none.
 *
 * @param {(method: string, path: string) => Promise<any>} send
 * @param {string | undefined} given
 * @returns {Promise<string>}
 */
async function accountOf(send, given) {
  if (given) return given;
  const accounts = await send("GET", "/accounts?per_page=50");
  if (accounts.length === 1) return accounts[0].id;
  const list = accounts
    .map((/** @type {{ id: string, name: string }} */ { id, name }) => `\n  ${id}  ${name}`)
    .join("");
  throw new Advice(
    `your credentials are for ${accounts.length} accounts of Cloudflare. Set "account_id" in the configuration, or CLOUDFLARE_ACCOUNT_ID in the environment, to the one that you mean.${list}`,
  );
}
