// A server on this machine that serves key sets. The test chooses its answers.
import { createServer } from "node:http";

/**
 * Starts a server. `answer` is an object (sent as JSON), a text, a Buffer, or a function
 * `(request, response)`, and the test can change it later. `asked` lists the requests so far. The
 * server stops when the test `t` ends.
 */
export async function startKeyServer(t, answer) {
  const state = {
    answer,
    asked: /** @type {{ url?: string, headers: import("node:http").IncomingHttpHeaders }[]} */ ([]),
    origin: "",
    url: "",
    stop: () => Promise.resolve(),
  };
  const server = createServer((request, response) => {
    state.asked.push({ url: request.url, headers: request.headers });
    if (typeof state.answer === "function") return state.answer(request, response);
    response.setHeader("Content-Type", "application/json");
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.end(
      typeof state.answer === "string" || Buffer.isBuffer(state.answer)
        ? state.answer
        : JSON.stringify(state.answer),
    );
  });
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  );
  state.stop = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  t.after(state.stop);
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  state.origin = `http://127.0.0.1:${port}`;
  state.url = `${state.origin}/.well-known/jwks.json`;
  return state;
}

/** Returns a verifier that has already fetched its keys. */
export async function readyVerifier(Verifier, url, options) {
  const verifier = Verifier.fromJwksUrl(url, options);
  await verifier.ready();
  return verifier;
}
