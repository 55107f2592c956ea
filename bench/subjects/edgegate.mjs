// A subject of the bench: edgegate as it is built and deployed. Its rate limits are turned off, as
// are those of the other projects that have any.
import { ADA, claimsOf, clientOf, PASSWORD } from "../../tests/e2e/client.mjs";
import { makeSession, makeUsers } from "../../tests/e2e/forge.mjs";
import { startWorkers } from "../../tests/e2e/workers.mjs";
import { chain, checks, each, form, json, part } from "./clients.mjs";
import { startMailProvider } from "./mail-provider.mjs";
import { signTokens } from "./tokens.mjs";
import { WORKS } from "./works.mjs";

const CHECK = "/auth/authorized?role=user";
/**
 * The Worker remembers the tokens that it has verified. It remembers fewer tokens than this. So
 * when the first token is sent again, the Worker has already forgotten it, and the token is like a
 * new one.
 */
const NEW_TOKENS = 4_000;
const SESSIONS_TO_END = 1_500;

/**
 * Starts one deployment. `store` is the setting SESSION_STORE. `keys` has a key for each algorithm.
 * `vars` override other settings. The tokens for checks are made for each algorithm in `algs`, and
 * are padded to `bytes` bytes. All other options are passed to `startWorkers`.
 *
 * @param {{ store?: string, keys: Record<string, any>, vars?: Record<string, string>,
 *   algs?: string[], bytes?: number }
 *   & import("../../tests/e2e/workers.mjs").StartOptions} options
 */
export async function startEdgegate({
  store = "kv",
  keys,
  vars = {},
  algs = Object.keys(keys),
  bytes,
  ...options
}) {
  const mails = await startMailProvider();
  const settings = {
    vars: {
      SESSION_STORE: store,
      MAIL_BUDGET: "1000000",
      MAIL_PROVIDER: "resend",
      MAIL_FROM: "Example <login@example.com>",
      MAIL_API_URL: mails.url,
      ...vars,
    },
    secrets: {
      SIGNING_KEYS: JSON.stringify({ keys: Object.values(keys) }),
      MAIL_API_KEY: "re_bench",
    },
  };
  const {
    workers: [edge],
    stop,
  } = await startWorkers([settings], { direct: true, ...options });
  const { logIn } = clientOf(edge);
  const now = Math.floor(Date.now() / 1000);
  const signed = (claims) => {
    const sign = (alg, count, typ) =>
      signTokens(keys[alg], { ...claims, iat: now, exp: now + 3_600 }, { count, typ, bytes });
    return (alg, typ) => {
      let fresh;
      return {
        repeated: sign(alg, 1, typ)[0],
        // These tokens are made only when they are needed, because making them takes a second.
        get fresh() {
          fresh ??= sign(alg, NEW_TOKENS, typ);
          return fresh;
        },
      };
    };
  };
  const allTokens = (claims) => Object.fromEntries(algs.map((alg) => [alg, signed(claims)(alg)]));
  const adas = claimsOf((await logIn(ADA)).access_token);
  const tokens = allTokens(adas);
  return {
    url: edge.url,
    stop: () => Promise.all([stop(), mails.stop()]),
    mails,
    edge,
    tokens,
    tokensOf: signed(adas),
    checksOf: (claims) => checks(CHECK, allTokens(claims)),
    works: {
      ...checks(CHECK, tokens),
      login: () => () => ({ next: () => json("/auth/login", { email: ADA, password: PASSWORD }) }),
      renew: async (connections = WORKS.renew.connections) => {
        const tokens = await Promise.all(
          Array.from({ length: connections }, () => makeSession(edge, store, adas.sub, 1)),
        );
        return (index) => chain(tokens[index].token);
      },
      revoke: async () => {
        const [user] = await makeUsers(edge.db, 1);
        const sessions = [];
        for (let n = 0; n < SESSIONS_TO_END; n++)
          sessions.push((await makeSession(edge, store, user, 60)).token);
        return (index) =>
          each(part(sessions, index, WORKS.revoke.connections), (token) =>
            form("/auth/revoke", { token }),
          );
      },
      reset: async () => {
        const users = await makeUsers(edge.db, 2_000);
        return (index) =>
          each(part(users, index, WORKS.reset.connections), (id) =>
            json("/auth/password/reset", { email: `${id}@example.com` }),
          );
      },
    },
  };
}
