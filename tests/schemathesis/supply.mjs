// A server for hooks.py, the part of the tests that runs in schemathesis. The server gives hooks.py
// what schemathesis can't generate: accounts that are signed in, and the tickets in mailed links.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { ADA, claimsOf, clientOf, PASSWORD } from "../e2e/client.mjs";
import { newId } from "../e2e/forge.mjs";
import { mailTo, ticketOf } from "../e2e/outbox.mjs";

const ROLES = { admin: '["admin","user"]', user: '["user"]', victim: '["user"]' };
const LINKS_OF_A_KIND = 4;

/**
 * Starts the server. `edge` is a Worker with the settings of local development. Returns
 * `{ url, stop }`.
 */
export async function startSupply(edge) {
  const { post, logIn } = clientOf(edge);
  // The first login creates the demo accounts. All other accounts are copies of Ada's account, so
  // that no other password has to be hashed.
  await logIn(ADA);
  // Read these values now, because later requests of an administrator or an operator could delete
  // or change Ada's account.
  const { password_hash, created_at } = await edge.db
    .prepare("SELECT password_hash, created_at FROM users WHERE email = ?1")
    .bind(ADA)
    .first();
  let made = 0;
  const makeAccount = async (role) => {
    const [id, email] = [newId(), `${role}-${++made}@example.com`];
    await edge.db
      .prepare(
        "INSERT INTO users (id, email, email_canonical, password_hash, first_name, last_name, roles, email_verified_at, created_at, updated_at) " +
          "VALUES (?1, ?2, ?2, ?3, 'Ada', 'Lovelace', ?4, ?5, ?5, ?5)",
      )
      .bind(id, email, password_hash, ROLES[role], created_at)
      .run();
    return { id, email, password: PASSWORD };
  };
  const signIn = async (account) => {
    const { access_token, refresh_token } = await logIn(account.email);
    return { ...account, access_token, refresh_token, session_id: claimsOf(access_token).sid };
  };

  const makeInvited = async () => {
    const account = await makeAccount("victim");
    const update = edge.db.prepare("UPDATE users SET password_hash = '!' WHERE id = ?1");
    await update.bind(account.id).run();
    return account;
  };
  const makeTicket = async () => {
    const access_token = `ego_${randomBytes(32).toString("base64url")}`;
    const hash = createHash("sha256").update(access_token).digest("hex");
    const insert = edge.db.prepare(
      "INSERT INTO operator_tickets (hash, scope, created_at, expires_at) VALUES (?1, 'users sessions mail restore pseudonyms clients', unixepoch(), unixepoch() + 900)",
    );
    await insert.bind(hash).run();
    return { id: hash, access_token };
  };

  const ask = async (path, json, options) => {
    const { status } = await post(path, { json, ...options });
    if (status !== 202) throw new Error(`${path}: ${status}`);
  };
  const links = {
    reset: async () => {
      const { email } = await makeAccount("victim");
      await ask("/auth/password/reset", { email });
      return email;
    },
    verify: async () => {
      const email = `new-${++made}@example.com`;
      await ask("/auth/register", { email });
      return email;
    },
    change: async () => {
      const { access_token: token } = await signIn(await makeAccount("user"));
      const email = `moved-${++made}@example.com`;
      await ask("/auth/email/change", { email, current_password: PASSWORD }, { token });
      return email;
    },
  };
  /** @type {Record<string, number>} */
  const given = {};
  // Make each link only when hooks.py requests it. If links were made earlier, they could be
  // invalid already: a request of an operator can raise all counters, and this makes all earlier
  // links invalid.
  const link = async (kind) => {
    given[kind] = (given[kind] ?? 0) + 1;
    if (given[kind] > LINKS_OF_A_KIND) return null;
    return ticketOf(await mailTo(edge, await links[kind]()));
  };

  const answers = {
    admin: async () => signIn(await makeAccount("admin")),
    user: async () => signIn(await makeAccount("user")),
    victim: () => makeAccount("victim"),
    invited: makeInvited,
    operator: makeTicket,
    ...Object.fromEntries(Object.keys(links).map((kind) => [kind, () => link(kind)])),
  };
  const server = createServer(async ({ url = "/" }, response) => {
    try {
      const answer = await answers[url.slice(1)]();
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
    } catch (error) {
      console.error(`schemathesis gets no ${url}: ${error}`);
      response.writeHead(500).end(`${error}`);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`,
    stop: () => server.close(),
  };
}
