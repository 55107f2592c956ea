// Users sign in to apps that use OpenID Connect libraries by other authors. The tables in
// docs/oidc-libraries.md must say correctly what the libraries do. The test uses each library as
// its documentation shows, but replaces the browser. `WRITE_GENERATED=1` writes the tables.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { apache } from "../../scripts/setup/apache.mjs";
import { packages, python } from "../../scripts/setup/clients.mjs";
import { setUp } from "../../scripts/setup/index.mjs";
import { count } from "../count.mjs";
import { locationOf, tabOf } from "../e2e/apps/tab.mjs";
import { ADA, clientOf, ROOT } from "../e2e/client.mjs";
import { startWorkers } from "../e2e/workers.mjs";
import { listenAt, load } from "./oidc/apps.mjs";

const PAGE = "docs/oidc-libraries.md";
const ALGORITHMS = ["EdDSA", "ES256", "RS256"];
const METHODS = /** @type {const} */ (["none", "client_secret_basic", "client_secret_post"]);
// Used in place of an algorithm's name. It means that the service has keys for two algorithms, and
// that the library is not told which of them signs the app's id_tokens.
const UNTOLD = "untold";
const APP = "http://127.0.0.1:5173";
const CALLBACK = `${APP}/callback`;
const CALLBACKS = [CALLBACK, `${APP}/auth/callback/edgegate`];
const BYE = "https://app.example.com/bye";

/** @typedef {import("./oidc/apps.mjs").App} App */
/** @typedef {import("./oidc/apps.mjs").Report & { refused?: string }} Report */

/** @type {Record<string, (app: App) => Promise<Report>>} */
const CLIENTS = {
  "`oauth4webapi` 3": inNode("oauth4webapi"),
  "`openid-client` 6": inNode("openid-client"),
  "`openid-client` 5": inNode("openid-client-5"),
  "`@auth/core` (Auth.js)": inNode("auth-core"),
  "`oidc-client-ts` 3": inNode("oidc-client-ts"),
  "`@openid/appauth` 1": inNode("appauth"),
  "`Authlib` 1 (Python)": inPython("Authlib"),
  "`idpyoidc` 5 (Python)": inPython("idpyoidc"),
  "`mod_auth_openidc` 2.4 (Apache)": inNode("mod-auth-openidc"),
};

/** Returns a client in JavaScript, from the module of this name in the folder oidc. */
function inNode(name) {
  return async (app) => {
    const { signIn } = await import(`./oidc/${name}.mjs`);
    return signIn(app).catch((error) => ({ refused: reasonOf(error) }));
  };
}

const reasonOf = (error) =>
  [error?.name, error?.code, error?.error, error?.message, error?.cause?.message]
    .filter(Boolean)
    .join(": ") || String(error);

/** Returns a client in Python: the one of this name in oidc/python_clients.py. */
function inPython(client) {
  return async ({ browse, load: _, ...app }) => {
    const browser = createServer(async ({ url }, response) => {
      response.end(await browse(decodeURIComponent((url ?? "").slice(1))));
    }).listen(0, "127.0.0.1");
    await once(browser, "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (browser.address());
    const line = { ...app, client, browser: `http://127.0.0.1:${port}/` };
    interpreter.stdin.write(`${JSON.stringify(line)}\n`);
    const { value } = await reports.next();
    browser.close();
    return JSON.parse(value);
  };
}

/**
 * For each signature algorithm of id_tokens, and for `UNTOLD`: the service, a browser tab for the
 * service's user, one app with a client secret and one app without.
 */
const services = {};
let stop, interpreter, reports;
const listening = [];

before(async () => {
  await setUp([packages, python]);
  await apache();
  const settings = [{}, { SIGNING_KEYS: jwks(p256, "es256") }, { ID_TOKEN_KEYS: jwks(rsa, "rsa") }];
  const workers = [];
  for (const at of settings.keys()) listening.push(await listenAt(() => workers[at].fetch));
  const started = await startWorkers(
    settings.map((secrets, at) => ({ vars: { ISSUER: listening[at].issuer }, secrets })),
  );
  stop = started.stop;
  workers.push(...started.workers);
  for (const [name, at, alg] of /** @type {[string, number, string][]} */ ([
    ["EdDSA", 0, "EdDSA"],
    ["ES256", 1, "ES256"],
    ["RS256", 2, "RS256"],
    [UNTOLD, 2, "EdDSA"],
  ])) {
    const edge = { ...workers[at], origin: listening[at].issuer };
    const { access_token: token } = await clientOf(edge).logIn(ROOT);
    const apps = {};
    for (const type of ["public", "confidential"]) {
      const made = await clientOf(edge).post("/auth/clients", {
        token,
        json: {
          name: `${type}, ${name}`,
          type,
          redirect_uris: CALLBACKS,
          post_logout_redirect_uris: [BYE],
          id_token_signed_response_alg: alg,
        },
      });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      apps[type] = { id: made.body.client_id, secret: made.body.client_secret };
    }
    services[name] = { edge, state: listening[at].state, apps };
  }
  interpreter = spawn(python.bin("python"), [inRoot("tests/clients/oidc/python_clients.py")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  reports = createInterface({ input: interpreter.stdout })[Symbol.asyncIterator]();
});
after(async () => {
  interpreter?.stdin.end();
  for (const { stop: close } of listening) close();
  await stop?.();
});

const rsa = () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const p256 = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const jwks = (make, kid) =>
  JSON.stringify({ keys: [{ ...make().export({ format: "jwk" }), kid }] });

/**
 * Signs Ada in to an app. The function `there` can change the URL that leads to the service, and
 * `back` can change the URL that leads back to the app.
 */
async function signIn(name, alg, method, { there = same, back = same } = {}) {
  const { edge, apps } = services[alg];
  const { id, secret } = method === "none" ? apps.public : apps.confidential;
  services[alg].tab ??= tabOf(edge);
  const { tab } = services[alg];
  if (![...tab.jar.keys()].some((cookie) => cookie.includes("-sso")))
    services[alg].user = await tab.logIn(ADA);
  const { user } = services[alg];
  const browse = async (url) => {
    const { pathname, search } = new URL(there(url));
    const to = locationOf(await tab.navigate(pathname + search));
    const [, sealed] = /#request=(egq_[\w-]+)$/.exec(to) ?? [];
    return back(sealed ? (await tab.decide(sealed, user)).body.redirect : to);
  };
  const report = await CLIENTS[name]({
    issuer: edge.origin,
    id,
    secret,
    method,
    alg: alg === UNTOLD ? undefined : alg,
    callback: name.includes("@auth/core") ? CALLBACKS[1] : CALLBACK,
    bye: BYE,
    scope: "openid profile email",
    browse,
    load,
  });
  return { report, tab, user, id, secret };
}
const same = (url) => url;

/**
 * Checks that the library read the right values. If the library revoked a refresh token, the
 * service must reject this token. If the library made a URL for the log-out, this URL must lead
 * back to the app and clear the cookies.
 */
async function check(alg, { report, tab, user, id, secret }) {
  const { edge } = services[alg];
  assert.equal(report.sub, user.id);
  assert.equal(report.email, ADA);
  if ("userinfo" in report) assert.equal(report.userinfo, ADA);
  if ("renewal" in report) assert.equal(report.renewal, user.id);
  if (report.introspection !== undefined) assert.equal(report.introspection, true);
  if ("revocation" in report) {
    const form = { grant_type: "refresh_token", refresh_token: report.revocation, client_id: id };
    const again = await clientOf(edge).post("/auth/token", {
      form: { ...form, ...(secret && { client_secret: secret }) },
    });
    assert.deepEqual([again.status, again.body.error], [400, "invalid_grant"]);
  }
  if ("logout" in report) {
    const { pathname, search } = new URL(report.logout);
    const to = locationOf(await tab.navigate(pathname + search));
    assert.ok(to === BYE || to.startsWith(`${BYE}?state=`), to);
    // After a log-out, only the cookie that recognizes Ada's device is left.
    assert.deepEqual(
      [...tab.jar.keys()].filter((cookie) => !cookie.endsWith("-device")),
      [],
    );
  }
}

const yes = (is) => (is ? "yes" : "no");
const row = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

/**
 * Requires that the document has the text `found` between the two comments for `mark`. With
 * WRITE_GENERATED it writes the text there instead.
 */
function documented(mark, found) {
  const part = new RegExp(`(<!-- ${mark} -->\n).*?(<!-- end -->)`, "s");
  const text = readFileSync(inRoot(PAGE), "utf8");
  if (process.env.WRITE_GENERATED)
    writeFileSync(inRoot(PAGE), text.replace(part, `$1${found}\n$2`));
  else assert.equal(part.exec(text)?.[0], `<!-- ${mark} -->\n${found}\n<!-- end -->`);
}

/**
 * For each library: an algorithm and an authentication method that work together. The test below
 * signs in with them.
 */
const working = {};

test("people sign in to the apps of each library", async (t) => {
  const DOES = ["userinfo", "renewal", "introspection", "revocation", "logout"];
  const rows = [];
  let signedIn = 0;
  for (const name of Object.keys(CLIENTS)) {
    const done = { algorithms: new Set(), methods: new Set(), does: new Set() };
    const attempt = async (alg, method) => {
      const one = await signIn(name, alg, method);
      if (one.report.refused) {
        t.diagnostic(`${name}, ${alg}, ${method}: ${one.report.refused.split("\n")[0]}`);
        return;
      }
      await check(alg, one).catch((error) => {
        throw new Error(`${name}, ${alg}, ${method}: ${error.message}`, { cause: error });
      });
      signedIn += 1;
      working[name] ??= { alg, method };
      done.algorithms.add(alg);
      done.methods.add(method);
      for (const what of DOES) if (one.report[what] !== undefined) done.does.add(what);
    };
    // Try each authentication method with the algorithm RS256, because every library accepts RS256.
    for (const method of METHODS) await attempt("RS256", method);
    const { method } = working[name] ?? assert.fail(name);
    for (const alg of ["EdDSA", "ES256", UNTOLD]) await attempt(alg, method);
    rows.push([
      name,
      ...ALGORITHMS.map((alg) => yes(done.algorithms.has(alg))),
      yes(done.algorithms.has(UNTOLD)),
      ...METHODS.map((method) => yes(done.methods.has(method))),
      ...DOES.map((what) => yes(done.does.has(what))),
    ]);
  }
  const head = ["library", ...ALGORITHMS, "by discovery", "none", "basic", "post", ...DOES];
  documented("what each library does", table(head, rows));
  count("oidc-clients", `${signedIn} sign-ins by ${rows.length} OpenID Connect libraries`);
});

test("which forged answers each library rejects", async (t) => {
  const changed = (name, value) => (url) => {
    const to = new URL(url);
    if (to.searchParams.has(name)) to.searchParams.set(name, value);
    return to.href;
  };
  const forged = (path, body) =>
    path === "/auth/token" && body.id_token
      ? { ...body, id_token: body.id_token.replace(/[^.]+$/, (text) => flipped(text)) }
      : body;
  const flipped = (text) => (text[0] === "A" ? "B" : "A") + text.slice(1);
  const rows = [];
  for (const [name, { alg, method }] of Object.entries(working)) {
    const cells = [];
    for (const [what, { falsify, ...ways }] of Object.entries(
      /** @type {Record<string, any>} */ ({
        state: { back: changed("state", "another") },
        nonce: { there: changed("nonce", "another") },
        iss: { back: changed("iss", "https://other.example") },
        signature: { falsify: forged },
      }),
    )) {
      services[alg].state.falsify = falsify;
      const { report } = await signIn(name, alg, method, ways);
      services[alg].state.falsify = undefined;
      t.diagnostic(`${name}, ${what}: ${(report.refused ?? "accepted").split("\n")[0]}`);
      cells.push(yes(report.refused));
    }
    rows.push([name, ...cells]);
  }
  const head = ["library", "`state`", "`nonce`", "`iss`", "signature"];
  documented("what each library checks", table(head, rows));
});
