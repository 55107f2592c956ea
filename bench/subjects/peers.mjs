// Starts the other projects (peers) with which edgegate is compared. Each is set up for Workers as
// its documentation says.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { inRoot } from "../../scripts/project/root.mjs";
import { TEST_VARS } from "../../tests/e2e/harness.mjs";
import { bundle, start } from "../workers.mjs";
import { chain, checks, each, part, showing } from "./clients.mjs";
import { startMailProvider } from "./mail-provider.mjs";
import { verifyingKey } from "./tokens.mjs";
import { LOOPS, WORKS } from "./works.mjs";

/**
 * The issuer and the audience in edgegate's access tokens. The audience is the one in
 * wrangler.toml.
 */
const EXPECTED = { ISSUER: TEST_VARS.ISSUER, AUDIENCE: "edgegate" };
const EMAIL = "ada@example.com";
const PASSWORD = "correct horse battery staple";
const entry = (name) => inRoot("bench/subjects", `${name}.worker.mjs`);

/** The bundled text of a peer's Worker. The table of sizes shows the gzipped size of this text. */
export const bundleOf = (name) => bundle(entry(name));

export async function startEmpty() {
  const { url, stop } = await start(await bundleOf("empty-js"), {});
  return {
    url,
    stop,
    works: { empty: () => () => ({ next: () => ({ method: "GET", path: "/" }) }) },
  };
}

/**
 * Starts jose's Worker. `tokens` are edgegate's tokens: `{ repeated, fresh }` for each algorithm.
 * If `more.HEADERS` is given, each answer to a valid token has these headers.
 *
 * @param {{ HEADERS?: Record<string, string> }} [more]
 */
export async function startJose(keys, tokens, more = {}) {
  const KEYS = JSON.stringify(Object.values(keys).map(verifyingKey));
  const bindings = { ...EXPECTED, KEYS, ...more };
  const { url, stop } = await start(await bundleOf("jose"), { bindings });
  const path = "/auth/authorized?role=user";
  const verifying = ([alg, { repeated }]) => [
    `verify-${alg.toLowerCase()}`,
    () => () => showing(`${path}&more=${LOOPS - 1}`, [repeated]),
  ];
  return {
    url,
    stop,
    works: {
      ...checks(path, tokens),
      ...Object.fromEntries(Object.entries(tokens).map(verifying)),
    },
  };
}

/**
 * Starts Hono's Worker. Hono accepts only tokens with the `typ` "JWT". So `tokens` have this type;
 * their claims are the same as in edgegate's tokens.
 */
export async function startHono(keys, tokens) {
  const { url, stop } = await start(await bundleOf("hono"), {
    bindings: { ...EXPECTED, KEY: JSON.stringify(keys.HS256) },
  });
  return { url, stop, works: checks("/auth/authorized?role=user", { HS256: tokens }) };
}

/**
 * Starts better-auth's Worker. `more` are options for Miniflare. `startOpenAuth` and
 * `startWorkersOAuthProvider` have the same parameter.
 *
 * @param {{ renews?: boolean, [option: string]: any }} [options]
 */
export async function startBetterAuth({ renews = false, ...more } = {}) {
  const ORIGIN = "http://127.0.0.1:8787";
  const mails = await startMailProvider();
  // The text of edgegate's mail. better-auth sends the same text, so that the mails have the same
  // size.
  const letter = (form) => readFileSync(inRoot(`tests/letters/en/reset-password.${form}`), "utf8");
  const bindings = {
    ORIGIN,
    MAIL_API_URL: mails.url,
    LETTER: { text: letter("txt"), html: letter("html") },
    SECRET: randomBytes(32).toString("hex"),
    ...(renews && { RENEWS: "1" }),
  };
  const {
    url,
    stop: stopWorker,
    miniflare,
  } = await start(await bundleOf("better-auth"), {
    d1Databases: { DB: "bench" },
    bindings,
    ...more,
  });
  const stop = () => Promise.all([stopWorker(), mails.stop()]);
  const headers = { "content-type": "application/json", origin: ORIGIN };
  const ask = (path, body, more) =>
    fetch(new URL(path, url), {
      method: body ? "POST" : "GET",
      headers: { ...headers, ...more },
      body: body && JSON.stringify(body),
    });
  await ok(await ask("/bench/migrate"));
  const signedUp = await ok(
    await ask("/api/auth/sign-up/email", { email: EMAIL, password: PASSWORD, name: "Ada" }),
  );
  const session = signedUp.headers.get("set-auth-token");
  const { token: jwt } = await (
    await ok(await ask("/api/auth/token", undefined, { authorization: `Bearer ${session}` }))
  ).json();
  const { user } = await signedUp.json();
  const db = await miniflare.getD1Database("DB", "subject");
  const post = (path, body, more = {}) => ({
    method: "POST",
    path,
    headers: { ...headers, ...more },
    body: JSON.stringify(body),
  });
  const bySession = () => () => showing("/api/auth/get-session", [session]);
  if (renews) return { url, stop, works: { renew: bySession } };
  return {
    url,
    stop,
    mails,
    works: {
      "check-eddsa-repeated": () => () => showing("/bench/by-jwt?role=user", [jwt]),
      "check-session": () => () => showing("/bench/by-session", [session]),
      login: () => () => ({
        next: () => post("/api/auth/sign-in/email", { email: EMAIL, password: PASSWORD }),
      }),
      revoke: async () => {
        const tokens = Array.from({ length: 1_500 }, () => randomBytes(16).toString("hex"));
        const insert = db.prepare(
          'INSERT INTO session (id, "expiresAt", token, "createdAt", "updatedAt", "userId") VALUES (?1, ?2, ?1, ?3, ?3, ?4)',
        );
        const now = new Date().toISOString();
        const later = new Date(Date.now() + 86_400_000).toISOString();
        await db.batch(tokens.map((token) => insert.bind(token, later, now, user.id)));
        return (index) =>
          each(part(tokens, index, WORKS.revoke.connections), (token) =>
            post("/api/auth/sign-out", {}, { authorization: `Bearer ${token}` }),
          );
      },
      reset: () => () => ({
        next: () =>
          post("/api/auth/request-password-reset", { email: EMAIL, redirectTo: `${ORIGIN}/reset` }),
      }),
    },
  };
}

export async function startOpenAuth(more = {}) {
  const { url, stop } = await start(await bundleOf("openauth"), {
    kvNamespaces: { KV: "bench" },
    ...more,
  });
  await ok(
    await fetch(new URL("/bench/account", url), {
      method: "POST",
      body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
    }),
  );
  // A login of OpenAuth has two steps. The first step stores the redirect URI in a cookie, and any
  // number of logins may use this cookie. So the first step is done once here, and only the second
  // step, with the password, is measured.
  const redirect_uri = "http://127.0.0.1:8787/callback";
  const begun = await fetch(
    new URL(
      `/authorize?${new URLSearchParams({ provider: "password", response_type: "token", client_id: "bench", redirect_uri })}`,
      url,
    ),
    { redirect: "manual" },
  );
  const cookie = begun.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const login = {
    method: "POST",
    path: "/password/authorize",
    headers: { cookie, "content-type": "application/x-www-form-urlencoded" },
    body: `${new URLSearchParams({ email: EMAIL, password: PASSWORD })}`,
  };
  const signIn = async () => {
    const answer = await fetch(new URL(login.path, url), { ...login, redirect: "manual" });
    const tokens = new URLSearchParams(
      new URL(String(answer.headers.get("location"))).hash.slice(1),
    );
    return { access: tokens.get("access_token"), refresh: tokens.get("refresh_token") };
  };
  const { access } = await signIn();
  return {
    url,
    stop,
    works: {
      "check-es256-repeated": () => () => showing("/bench/check?role=user", [access]),
      login: () => () => ({ next: () => login }),
      renew: async () => {
        const tokens = await Promise.all(Array.from({ length: WORKS.renew.connections }, signIn));
        return (index) => chain(tokens[index].refresh, "/token", { client_id: "bench" });
      },
    },
  };
}

export async function startWorkersOAuthProvider(more = {}) {
  const { url, stop } = await start(await bundleOf("workers-oauth-provider"), {
    kvNamespaces: { OAUTH_KV: "bench" },
    ...more,
  });
  const { clientId: client_id } = await (
    await ok(await fetch(new URL("/bench/client", url)))
  ).json();
  const redirect_uri = "https://client.example/callback";
  const signIn = async () => {
    const code_verifier = randomBytes(32).toString("base64url");
    const code_challenge = createHash("sha256").update(code_verifier).digest("base64url");
    const query = {
      response_type: "code",
      client_id,
      redirect_uri,
      scope: "profile offline_access",
      state: "s",
      code_challenge,
      code_challenge_method: "S256",
    };
    const { redirectTo } = await (
      await ok(await fetch(new URL(`/authorize?${new URLSearchParams(query)}`, url)))
    ).json();
    const code = new URL(redirectTo).searchParams.get("code") ?? "";
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      code,
      redirect_uri,
      client_id,
      code_verifier,
    });
    return (await ok(await fetch(new URL("/token", url), { method: "POST", body }))).json();
  };
  const { access_token } = await signIn();
  return {
    url,
    stop,
    signIn,
    works: {
      "check-session": () => () => showing("/api?role=user", [access_token]),
      renew: async () => {
        const tokens = await Promise.all(Array.from({ length: WORKS.renew.connections }, signIn));
        return (index) => chain(tokens[index].refresh_token, "/token", { client_id });
      },
      revoke: async () => {
        const tokens = [];
        for (let n = 0; n < 400; n++) tokens.push((await signIn()).refresh_token);
        const headers = { "content-type": "application/x-www-form-urlencoded" };
        return (index) =>
          each(part(tokens, index, WORKS.revoke.connections), (token) => ({
            method: "POST",
            path: "/token",
            headers,
            body: `${new URLSearchParams({ token, client_id })}`,
          }));
      },
    },
  };
}

async function ok(answer) {
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
