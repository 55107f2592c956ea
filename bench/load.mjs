// Sends requests as a closed loop: each connection sends its next request as soon as it has
// received the answer to the request before, like a client with keep-alive.
import { Client } from "undici";

/**
 * Opens a separate connection to `url`. `ask({ method, path, headers, body })` returns `{ status,
 * headers, body }`. It calls undici's dispatch directly, because this takes the least time: on a
 * machine with two cores, the work of the client slows down the subject that is measured.
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
 * Lets each of `clients` (subjects/clients.mjs) send requests over its own connection for
 * `seconds`, or until it has no more requests. Returns the requests per second and the response
 * times in ms. Throws an error if an answer has a status outside 200 to 399: a subject that fails
 * quickly must not look fast.
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
