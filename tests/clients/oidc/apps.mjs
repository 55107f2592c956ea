// What the clients in this folder get and must report, and a service for them. The service listens
// at its issuer's address, because the clients connect there themselves. A test can falsify its
// answers.
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { freePort } from "../../browser/edgegate.mjs";

/** @typedef {"none" | "client_secret_basic" | "client_secret_post"} Method */

/**
 * @typedef {object} App what a client is told
 * @property {string} issuer
 * @property {string} id
 * @property {string} [secret] not with the method `none`
 * @property {Method} method of authentication
 * @property {string} [alg] of the id_token; without it, the library looks at discovery
 * @property {string} callback
 * @property {string} bye where a log-out leads to
 * @property {string} scope
 * @property {(url: string) => Promise<string>} browse sends the person to a URL, and returns the one
 *   at which they come back
 * @property {(name: string) => Promise<any>} load a package
 */

/**
 * @typedef {object} Report what a client read. It leaves out what it can't do.
 * @property {string} sub
 * @property {string} email
 * @property {string} [userinfo] the address
 * @property {string} [renewal] the user of the renewed id_token
 * @property {boolean} [introspection] whether the token is active
 * @property {string} [revocation] the refresh token that it revoked
 * @property {string} [logout] the URL
 */

/** @typedef {(app: App) => Promise<Report>} SignIn */

const from = createRequire(new URL("../package.json", import.meta.url));

/** A package of tests/clients, or of the project. */
export const load = (name) =>
  import(name === "oauth4webapi" ? name : pathToFileURL(from.resolve(name)).href);

// Headers that describe the connection or the encoding, and not the message.
const HOP = ["host", "connection", "content-length", "content-encoding", "transfer-encoding"];
const without = (names, headers) =>
  Object.fromEntries(headers.filter(([name]) => !names.includes(name)));

/**
 * Listens at an issuer and passes everything on to `target()`. `falsify` changes the JSON of
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
