// A client of the MCP server. The SDK does all of OAuth: it sends a request to the server, learns
// from the answer where to get a token, opens edgegate's page, exchanges the code for a token, and
// repeats the request.
//   CLIENT_ID=… SERVER=http://127.0.0.1:8790/mcp node client.js
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { SERVER = "http://127.0.0.1:8790/mcp", CLIENT_ID = "", BROWSER } = process.env;
const { redirectUrl, answer, close } = await listen();

// A real program would store the tokens in the keychain of the operating system.
const kept = { state: randomUUID(), tokens: undefined, verifier: "", client: undefined };
// If CLIENT_ID is a URL, a document at this URL describes this client. Otherwise, this client was
// registered at edgegate, and CLIENT_ID is the id that it got.
const hasDocument = CLIENT_ID.startsWith("https:");

/** @type {import("@modelcontextprotocol/sdk/client/auth.js").OAuthClientProvider} */
const provider = {
  redirectUrl,
  clientMetadataUrl: hasDocument ? CLIENT_ID : undefined,
  clientMetadata: { client_name: "An MCP client", redirect_uris: [redirectUrl] },
  clientInformation: () => (hasDocument ? kept.client : { client_id: CLIENT_ID }),
  saveClientInformation(client) {
    kept.client = client;
  },
  state: () => kept.state,
  tokens: () => kept.tokens,
  saveTokens(tokens) {
    kept.tokens = tokens;
  },
  codeVerifier: () => kept.verifier,
  saveCodeVerifier(verifier) {
    kept.verifier = verifier;
  },
  redirectToAuthorization(url) {
    console.log(`Open this address to sign in:\n${url}`);
    openBrowser(url.href);
  },
};

try {
  const client = await connect();
  const { tools } = await client.listTools();
  console.log(`Tools: ${tools.map(({ name }) => name).join(", ")}`);
  const { content } = await client.callTool({ name: "whoami" });
  console.log(content[0].text);
  await client.close();
} finally {
  close();
}

/** Connects to the server. Signs in first, if that is necessary. */
async function connect() {
  const make = () => new StreamableHTTPClientTransport(new URL(SERVER), { authProvider: provider });
  const client = new Client({ name: "example", version: "1.0.0" });
  const transport = make();
  try {
    await client.connect(transport);
    return client;
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
  }
  const { searchParams } = await answer;
  if (searchParams.get("state") !== kept.state) throw new Error("another state");
  const code = searchParams.get("code");
  if (!code) throw new Error(`no code: ${searchParams.get("error")}`);
  await transport.finishAuth(code);
  await client.connect(make());
  return client;
}

/**
 * Waits for the answer of the sign-in: the browser brings it to a port of this machine. The
 * operating system chooses the port.
 */
async function listen() {
  let arrived = (_url) => {};
  const answer = new Promise((resolve) => {
    arrived = resolve;
  });
  const listener = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const isAnswer = url.pathname === "/callback";
    response.writeHead(isAnswer ? 200 : 404, { "Content-Type": "text/plain" });
    response.end(isAnswer ? "You can close this page and go back to the program." : "not found");
    if (isAnswer) arrived(url);
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (listener.address());
  const close = () => {
    listener.closeAllConnections();
    listener.close();
  };
  return { redirectUrl: `http://127.0.0.1:${port}/callback`, answer, close };
}

/** Opens an address in the system's browser, or with the command in BROWSER. */
function openBrowser(href) {
  const commands = { darwin: "open", win32: "explorer", linux: "xdg-open" };
  const command = BROWSER ?? commands[process.platform];
  if (!command) return;
  const child = spawn(command, [href], { stdio: "ignore", detached: true });
  // If there is no browser, the person opens the address by hand.
  child.on("error", () => {});
  child.unref();
}
