// A simulated mail provider on a loopback address, which accepts every mail at once. Its API is
// that of Resend: it takes `POST /emails` with JSON and answers with an id. Each subject that sends
// mails has its own provider.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const ANSWER = '{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}';
const HEADERS = { "content-type": "application/json", "content-length": ANSWER.length };
/** How many seconds to wait for mails that have not arrived yet. */
const PATIENCE = 60;

export async function startMailProvider() {
  let accepted = 0;
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on("data", (chunk) => {
      bytes += chunk.length;
    });
    request.on("end", () => {
      accepted += 1;
      response.writeHead(200, HEADERS).end(ANSWER);
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    /**
     * How many mails were accepted so far, and how many bytes the bodies of their requests had
     * together.
     */
    total: () => ({ accepted, bytes }),
    /** Waits until this many mails were accepted since the provider started. */
    async until(count) {
      for (const deadline = performance.now() + PATIENCE * 1000; accepted < count; await sleep(2)) {
        if (performance.now() > deadline)
          throw new Error(`${accepted} of ${count} mails were sent within ${PATIENCE} s`);
      }
    },
    stop: () => new Promise((done) => server.close(done).closeAllConnections()),
  };
}
