// Your auth service. It is edgegate's Worker, to which you can add your own routes.
import EdgeGate, { Account, Auth, MailGate, Sessions } from "edgegate-worker";

// Sessions, Account and MailGate are the classes of the Durable Objects. Auth has the methods that
// other Workers can call.
export { Account, Auth, MailGate, Sessions };

export default class extends EdgeGate {
  /** @param {Request} request */
  async fetch(request) {
    const { pathname } = new URL(request.url);
    // Add your own routes here. edgegate answers all other requests.
    if (pathname === "/hello") return hello(request, this);
    return super.fetch(request);
  }
}

/**
 * An example of a protected route, for users with the role `user`. Others get a 401.
 *
 * @param {Request} request
 * @param {EdgeGate} auth
 */
async function hello(request, auth) {
  const [, token = ""] = /^Bearer +(\S+)$/i.exec(request.headers.get("Authorization") ?? "") ?? [];
  if (await auth.isAuthorizedByRole(token, ["user"])) return Response.json({ hello: "user" });
  return Response.json(
    { code: "invalid_token" },
    { status: 401, headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' } },
  );
}
