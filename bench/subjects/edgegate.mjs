// edgegate as it is built and deployed, with its limits off, as the peers have none.
import { ADA, PASSWORD, claimsOf, clientOf } from "../../tests/e2e/client.mjs";
import { makeSession, makeUsers } from "../../tests/e2e/forge.mjs";
import { startWorkers } from "../../tests/e2e/workers.mjs";
import { WORKS } from "./works.mjs";
import { chain, checks, each, form, json, part } from "./clients.mjs";
import { signTokens } from "./tokens.mjs";

const CHECK = "/auth/authorized?role=user";
/** More than the Worker remembers, so that one that comes round is new again. */
const NEW_TOKENS = 24_000;
const SESSIONS_TO_END = 1_500;

/** One deployment: `store` is SESSION_STORE, `keys` by algorithm; `vars` go over the settings, further options to `startWorkers`. */
export async function startEdgegate({ store = "kv", keys, vars = {}, ...options }) {
  const settings = { vars: { SESSION_STORE: store, MAIL_BUDGET: "1000000", ...vars }, secrets: { SIGNING_KEYS: JSON.stringify({ keys: Object.values(keys) }) } };
  const { workers: [edge], stop } = await startWorkers([settings], { direct: true, ...options });
  const { logIn } = clientOf(edge);
  const claims = claimsOf((await logIn(ADA)).access_token);
  const now = Math.floor(Date.now() / 1000);
  const sign = (alg, count, typ) => signTokens(keys[alg], { ...claims, iat: now, exp: now + 3_600 }, count, typ);
  const tokensOf = (alg, typ) => ({ repeated: sign(alg, 1, typ)[0], fresh: sign(alg, NEW_TOKENS, typ) });
  const tokens = Object.fromEntries(Object.keys(keys).map((alg) => [alg, tokensOf(alg)]));
  return {
    url: edge.url,
    stop,
    tokens,
    tokensOf,
    works: {
      ...checks(CHECK, tokens),
      login: () => () => ({ next: () => json("/auth/login", { email: ADA, password: PASSWORD }) }),
      renew: async () => {
        const tokens = await Promise.all(Array.from({ length: WORKS.renew.connections }, async () => (await logIn(ADA)).refresh_token));
        return (index) => chain(tokens[index]);
      },
      revoke: async () => {
        const [user] = await makeUsers(edge.db, 1);
        const sessions = [];
        for (let n = 0; n < SESSIONS_TO_END; n++) sessions.push((await makeSession(edge, store, user, 60)).token);
        return (index) => each(part(sessions, index, WORKS.revoke.connections), (token) => form("/auth/revoke", { token }));
      },
      reset: async () => {
        const users = await makeUsers(edge.db, 2_000);
        return (index) => each(part(users, index, WORKS.reset.connections), (id) => json("/auth/password/reset", { email: `${id}@example.com` }));
      },
    },
  };
}
