// Defines the input that each client in this folder gets and the report that it must return. Also
// starts a server in front of the service. The server listens at the issuer's address, because the
// clients connect to this address by themselves. A test can make the server falsify answers.
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { freePort } from "../../browser/edgegate.mjs";

/** @typedef {"none" | "client_secret_basic" | "client_secret_post"} Method */

/**
 * @typedef {object} App the configuration that a client gets
 * @property {string} issuer
 * @property {string} id
 * @property {string} [secret] missing if the method is `none`
 * @property {Method} method of authentication
 * @property {string} [alg] the algorithm of the id_token; if it is missing, the library reads the
 *   service's metadata
 * @property {string} callback
 * @property {string} bye the address to which the service redirects after a log-out
 * @property {string} scope
 * @property {(url: string) => Promise<string>} browse opens a URL in the user's browser, and
 *   returns the URL with which the browser comes back to the app
 * @property {(name: string) => Promise<any>} load imports a package
 */

/**
 * @typedef {object} Report what a client has read; if its library lacks a feature, the member for
 *   this feature is missing
 * @property {string} sub
 * @property {string} email
 * @property {string} [userinfo] the email address from the userinfo endpoint
 * @property {string} [renewal] the user of the renewed id_token
 * @property {boolean} [introspection] whether the token is active
 * @property {string} [revocation] the refresh token that the client revoked
 * @property {string} [logout] the URL for the log-out
 */

/** @typedef {(app: App) => Promise<Report>} SignIn */

const from = createRequire(new URL("../package.json", import.meta.url));

/** Imports a package of tests/clients. `oauth4webapi` is installed in the project itself. */
export const load = (name) =>
  import(name === "oauth4webapi" ? name : pathToFileURL(from.resolve(name)).href);

// Headers that the server does not pass on, because they describe the connection or the encoding
// and not the message.
const HOP = ["host", "connection", "content-length", "content-encoding", "transfer-encoding"];
const without = (names, headers) =>
  Object.fromEntries(headers.filter(([name]) => !names.includes(name)));

/**
 * Starts a server on a free port. The address of this server is the issuer. The server passes every
 * request on to the service that `target()` returns. The function `falsify` can change the JSON of
 * answers.
 */
export async function listenAt(target) {
  const port = await freePort();
  const state = {
    falsify: /** @type {((path: string, body: any) => any) | undefined} */ (undefined),
  };
  const pass = async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await target()(request.url, {
      method: request.method,
      headers: without(HOP, Object.entries(request.headers)),
      redirect: "manual",
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    const text = await answer.text();
    const isJson = text && answer.headers.get("content-type")?.startsWith("application/json");
    const body =
      isJson && state.falsify ? JSON.stringify(state.falsify(request.url, JSON.parse(text))) : text;
    response.writeHead(answer.status, without(HOP, [...answer.headers])).end(body);
  };
  const server = createServer((request, response) => {
    pass(request, response).catch((error) =>
      response.writeHead(502).end(`${error.cause ?? error}`),
    );
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return { issuer: `http://127.0.0.1:${port}`, state, stop: () => server.close() };
}
