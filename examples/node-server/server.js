// A Node server without a framework: one public path, one for whoever is signed in, one for administrators.
//   ISSUER=http://127.0.0.1:8787 PORT=3000 node server.js
import { createServer } from "node:http";
import { Verifier } from "edgegate";

const { ISSUER = "http://127.0.0.1:8787", AUDIENCE = "edgegate", PORT = "3000" } = process.env;

// The keys are fetched when they are first needed, so this server starts also while edgegate is down.
const verifier = Verifier.fromIssuer(ISSUER, { audience: AUDIENCE });

const server = createServer(async (request, response) => {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const answer = await answerTo(request.url, token);
  response.writeHead(answer.status, {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    // Every 401 has a challenge (RFC 9110 section 15.5.2). After this one an AuthClient renews its
    // token.
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
    // The answer is also `false` for an invalid token. /me tells the client whether it would be 401
    // or 403.
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
