// Uses Auth.js, a library that runs on the server of a website and has its routes below /auth. By
// itself it neither renews nor ends sessions of the service.
/** @type {import("./apps.mjs").SignIn} */
export async function signIn(app) {
  const { Auth } = await app.load("@auth/core");
  const { origin } = new URL(app.callback);
  let account;
  const config = {
    basePath: "/auth",
    secret: crypto.randomUUID(),
    trustHost: true,
    providers: [
      {
        id: "edgegate",
        name: "edgegate",
        type: "oidc",
        issuer: app.issuer,
        clientId: app.id,
        clientSecret: app.secret,
        checks: ["pkce", "state", "nonce"],
        authorization: { params: { scope: app.scope } },
        client: {
          token_endpoint_auth_method: app.method,
          id_token_signed_response_alg: app.alg,
        },
      },
    ],
    callbacks: {
      signIn(given) {
        ({ account } = given);
        return true;
      },
    },
    logger: { error() {}, warn() {}, debug() {} },
  };
  /** @type {Map<string, string>} */
  const jar = new Map();
  const ask = async (path, init = {}) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const url = new URL(path, origin);
    const answer = await Auth(new Request(url, { ...init, headers: { cookie } }), config);
    for (const text of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
      jar.set(name, value);
    }
    return answer;
  };
  const { csrfToken } = await (await ask("/auth/csrf")).json();
  const body = new URLSearchParams({ csrfToken, callbackUrl: `${origin}/` });
  const begun = await ask("/auth/signin/edgegate", { method: "POST", body });
  const back = await ask(await app.browse(begun.headers.get("location")));
  if (!account) throw new Error(`not signed in: ${back.headers.get("location")}`);
  const { user } = await (await ask("/auth/session")).json();
  return { sub: account.providerAccountId, email: user.email };
}
