// Uses mod_auth_openidc, a module of the Apache server. It protects a page that only signed-in
// users can see. The module gives the page environment variables. Apache is configured to copy
// these into headers of the answer, where the test reads them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { apache, modules } from "../../../scripts/setup/apache.mjs";
import { freePort } from "../../browser/edgegate.mjs";

const MODULES = [
  ...["mpm_event", "authn_core", "authz_core", "authz_user", "headers"],
  "auth_openidc",
];
const SHOWN = [
  ...["OIDC_CLAIM_sub", "OIDC_CLAIM_email", "OIDC_userinfo_json", "OIDC_id_token_payload"],
  ...["OIDC_access_token", "OIDC_refresh_token"],
];

const configOf = (app, port) => `
  ServerName 127.0.0.1
  Listen 127.0.0.1:${port}
  PidFile apache.pid
  ErrorLog error.log
  Mutex file:.
  ${MODULES.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join("\n  ")}
  ${process.getuid?.() === 0 ? "User www-data\n  Group www-data" : ""}
  DocumentRoot pages

  OIDCProviderMetadataURL ${app.issuer}/.well-known/openid-configuration
  OIDCClientID ${app.id}
  ${app.secret ? `OIDCClientSecret ${app.secret}` : ""}
  OIDCProviderTokenEndpointAuth ${app.method}
  ${app.alg ? `OIDCIDTokenSignedResponseAlg ${app.alg}` : ""}
  OIDCPKCEMethod S256
  OIDCRedirectURI ${app.callback}
  OIDCScope "${app.scope}"
  OIDCCryptoPassphrase a-passphrase-of-this-test
  OIDCRedirectURLsAllowed ^${app.bye.replaceAll(".", "\\.")}$ ^http://127\\.0\\.0\\.1:${port}/
  # What the page is told, beside the claims.
  OIDCPassIDTokenAs claims payload
  OIDCPassUserInfoAs claims json
  OIDCPassRefreshToken On

  <Location />
    AuthType openid-connect
    Require valid-user
    ${SHOWN.map((name) => `Header set X-${name.replaceAll("_", "-")} "expr=%{base64:%{reqenv:${name}}}"`).join("\n    ")}
  </Location>
`;

/** @type {import("./apps.mjs").SignIn} */
export async function signIn(given) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  // Apache listens on a free port. The redirect URI is a loopback address, so its port is allowed
  // to differ from the port of the registered redirect URI.
  const app = { ...given, callback: `${origin}/callback` };
  const folder = mkdtempSync(join(tmpdir(), "edgegate-apache-"));
  const program = await start(folder, configOf(app, port));
  try {
    return await visit(app, origin, program);
  } finally {
    program.stop();
    await program.ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts Apache in the foreground, so that it can be stopped. */
async function start(folder, config) {
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "pages"));
  writeFileSync(join(folder, "pages", "page.txt"), "for people who are signed in\n");
  writeFileSync(join(folder, "apache.conf"), config);
  const args = ["-d", folder, "-f", join(folder, "apache.conf"), "-DFOREGROUND"];
  const child = spawn(await apache(), args, { stdio: ["ignore", "ignore", "pipe"] });
  let printed = "";
  child.stderr.on("data", (chunk) => {
    printed += chunk;
  });
  const ended = once(child, "exit");
  const log = join(folder, "error.log");
  const said = () => printed + (existsSync(log) ? readFileSync(log, "utf8") : "");
  return { said, stop: () => child.kill("SIGTERM"), ended, child };
}

/** Acts as the browser of a user who visits the site. */
async function visit(app, origin, program) {
  const jar = new Map();
  // The module redirects to the sign-in only if the request is a navigation. `fetch` would send
  // headers which say that the request is not a navigation. So this function sends the request with
  // its own headers.
  const ask = async (url) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", "sec-fetch-mode": "navigate", cookie };
    const [answer] = await once(get(new URL(url, origin), { headers }), "response");
    answer.resume();
    for (const text of answer.headers["set-cookie"] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
      jar.set(name, value);
    }
    return answer;
  };
  const to = async (url) => {
    const answer = await ask(url);
    const location = answer.headers.location;
    if (!location)
      throw new Error(
        `${answer.statusCode} at ${new URL(url, origin).pathname}\n${program.said()}`,
      );
    return location;
  };
  /** Requests the page. Returns the environment variables that the page gets from the module. */
  const page = async () => {
    const answer = await ask("/page.txt");
    if (answer.statusCode !== 200)
      throw new Error(`${answer.statusCode} at the page\n${program.said()}`);
    return Object.fromEntries(
      SHOWN.map((name) => {
        const value = answer.headers[`x-${name.replaceAll("_", "-")}`.toLowerCase()] ?? "";
        return [name, Buffer.from(value, "base64").toString()];
      }),
    );
  };
  await listens(origin, program);
  const back = await app.browse(await to("/page.txt"));
  await to(back);
  const first = await page();
  const refresh = new URLSearchParams({
    refresh: `${origin}/page.txt`,
    access_token: first.OIDC_access_token,
  });
  await to(`/callback?${refresh}`);
  const second = await page();
  const logout = await to(`/callback?${new URLSearchParams({ logout: app.bye })}`);
  return {
    sub: first.OIDC_CLAIM_sub,
    email: JSON.parse(first.OIDC_id_token_payload).email,
    userinfo: JSON.parse(first.OIDC_userinfo_json).email,
    renewal: JSON.parse(second.OIDC_id_token_payload).sub,
    revocation: second.OIDC_refresh_token,
    logout,
  };
}

async function listens(origin, program) {
  for (;;) {
    if (program.child.exitCode !== null) throw new Error(`Apache has ended:\n${program.said()}`);
    if (await fetch(origin, { redirect: "manual" }).catch(() => null)) return;
    await sleep(50);
  }
}
