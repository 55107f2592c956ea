// A fake mail provider on this machine. The test chooses its answers. It acts as the provider
// Resend, because Resend's answers are the simplest.
import { createServer } from "node:http";

export async function startProvider() {
  const mails = [];
  let behave = (_request, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end('{"id":"1"}');
  const taken = behave;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const took = await new Promise((done) => {
      response.on("close", () => done(response.writableFinished && response.statusCode === 200));
      behave(request, response);
    });
    if (took) mails.push({ key: request.headers["idempotency-key"], ...JSON.parse(body) });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  return {
    mails,
    vars: {
      MAIL_PROVIDER: "resend",
      MAIL_FROM: "Example <login@example.com>",
      MAIL_API_URL: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`,
    },
    secrets: { MAIL_API_KEY: "re_a_secret_key" },
    /**
     * Sets the answer to all requests from now on. Without arguments, the provider accepts every
     * mail again.
     */
    answer(status, body = {}, headers = {}) {
      behave = status
        ? (_request, response) =>
            response
              .writeHead(status, { "content-type": "application/json", ...headers })
              .end(JSON.stringify(body))
        : taken;
    },
    /** From now on, the provider calls `behaviour(request, response)` for each request. */
    behave: (behaviour) => (behave = behaviour),
    stop: () => new Promise((done) => server.close(done).closeAllConnections()),
  };
}
