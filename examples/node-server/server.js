// A Node server without a framework. It has a public path, a path for users who are signed in, and
// a path for administrators.
//   ISSUER=http://127.0.0.1:8787 PORT=3000 node server.js
import { createServer } from "node:http";
import { Verifier } from "edgegate";

const { ISSUER = "http://127.0.0.1:8787", AUDIENCE = "edgegate", PORT = "3000" } = process.env;

// The verifier fetches edgegate's public keys when it first needs them, so this server can start
// while edgegate is down.
const verifier = Verifier.fromIssuer(ISSUER, { audience: AUDIENCE });

const server = createServer(async (request, response) => {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const answer = await answerTo(request.url, token);
  response.writeHead(answer.status, {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    // Every answer with the status 401 must have this header, a challenge (RFC 9110 section
    // 15.5.2). When edgegate's AuthClient gets this challenge, it renews its access token.
    ...(answer.status === 401 && { "WWW-Authenticate": 'Bearer error="invalid_token"' }),
  });
  response.end(JSON.stringify(answer.body));
});

async function answerTo(path, token) {
  if (path === "/") return { status: 200, body: { hello: "world" } };
  if (path === "/me") {
    if (!token) return { status: 401, body: { code: "invalid_token" } };
    try {
      const { sub, roles } = await verifier.verify(token);
      return { status: 200, body: { id: sub, roles } };
    } catch (error) {
      return { status: error.code === "invalid_token" ? 401 : 503, body: { code: error.code } };
    }
  }
  if (path === "/admin") {
    // The result is `false` if the token is invalid, and also if its user is no administrator. So
    // this path answers 403 in both cases. To find out whether its token is valid, a client can
    // request /me.
    const allowed = await verifier.isAuthorizedByRole(token, ["admin"]);
    return allowed
      ? { status: 200, body: { secret: 42 } }
      : { status: 403, body: { code: "forbidden" } };
  }
  return { status: 404, body: { code: "not_found" } };
}

server.listen(Number(PORT), "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`listening at http://127.0.0.1:${port}`);
});
