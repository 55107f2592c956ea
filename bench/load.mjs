// Closed-loop load: so many connections, each asks again as soon as it has its answer, as a client with keep-alive does.
import { Client } from "undici";

/**
 * A connection of its own to `url`. `ask({ method, path, headers, body })` answers `{ status, headers, body }`. It is undici's
 * dispatch with nothing around it: what the client costs, every subject is charged with on a machine of two cores.
 */
export function connect(url) {
  const client = new Client(url, {
    pipelining: 1,
    keepAliveTimeout: 60_000,
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
  });
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        let status;
        let headers;
        let body = "";
        client.dispatch(request, {
          onRequestStart() {},
          onResponseStart(_controller, statusCode, answerHeaders) {
            status = statusCode;
            headers = answerHeaders;
          },
          onResponseData(_controller, chunk) {
            body += chunk.toString("latin1");
          },
          onResponseEnd: () => resolve({ status, headers, body }),
          onResponseError: (_controller, error) => reject(error),
        });
      }),
    close: () => client.close(),
  };
}

/**
 * Has each of `clients` (subjects/clients.mjs) ask over its connection for `seconds`, or until it has nothing more to ask. Answers requests a second and
 * the times of single requests in ms. An answer outside 200 to 399 is an error: what fails quickly is not fast.
 */
export async function measure(url, clients, seconds) {
  const connections = clients.map(() => connect(url));
  const times = [];
  const begun = performance.now();
  const until = begun + seconds * 1000;
  try {
    await Promise.all(
      clients.map(async (client, index) => {
        const { ask } = connections[index];
        for (let now = performance.now(); now < until; ) {
          const request = client.next();
          if (!request) break;
          const answer = await ask(request);
          if (answer.status < 200 || answer.status > 399) {
            throw new Error(
              `${request.method} ${request.path}: ${answer.status} ${answer.body.slice(0, 300)}`,
            );
          }
          client.seen?.(answer);
          const after = performance.now();
          times.push(after - now);
          now = after;
        }
      }),
    );
    const took = (performance.now() - begun) / 1000;
    return { rate: times.length / took, times };
  } finally {
    await Promise.all(connections.map(({ close }) => close()));
  }
}
