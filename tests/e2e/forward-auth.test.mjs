// Tests proxies that ask the Worker whether a request is allowed before they pass the request on.
// The tests run real proxies with the configurations in docs/forward-auth.md. Traefik and Envoy are
// in no package registry. For these two, the test itself sends the requests that they would send.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { inRoot } from "../../scripts/project/root.mjs";
import { caddy } from "../../scripts/setup/caddy.mjs";
import { nginx } from "../../scripts/setup/nginx.mjs";
import { freePort, startEdgegate } from "../browser/edgegate.mjs";
import { PASSWORD } from "./client.mjs";

const PAGE = readFileSync(inRoot("docs/forward-auth.md"), "utf8");

/** Returns the code block with this language in this section of docs/forward-auth.md. */
function block(section, language) {
  const text = PAGE.split(`\n## ${section}\n`)[1].split("\n## ")[0];
  return text.split(`\`\`\`${language}\n`)[1].split("\n```")[0];
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const PREFLIGHT = {
  origin: "http://127.0.0.1:8787",
  "access-control-request-method": "DELETE",
  "access-control-request-headers": "authorization",
};

let edgegate, application, admin, user;
before(async () => {
  edgegate = await startEdgegate({ vars: { LIMITS: "off" } });
  application = await startApplication();
  [admin, user] = await Promise.all(["root@example.com", "ada@example.com"].map(logIn));
});
after(async () => {
  application?.stop();
  await edgegate?.stop();
});

const logIn = async (email) =>
  (await (await edgegate.post("/auth/login", { email, password: PASSWORD })).json()).access_token;
const bearer = (token) => (token ? { authorization: `Bearer ${token}` } : {});

/** The site behind the proxy. `seen` lists the requests that reach it. */
async function startApplication() {
  const seen = [];
  const server = createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    // Read the whole body. nginx answers 502 if the connection is closed while nginx is still
    // sending.
    incoming.resume().once("end", () => response.end("only administrators"));
  });
  await /** @type {Promise<void>} */ (new Promise((done) => server.listen(0, "127.0.0.1", done)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { port, seen, stop: () => server.close().closeAllConnections() };
}

const moved = (config) =>
  config
    .replaceAll("http://127.0.0.1:8787", edgegate.origin)
    .replaceAll("127.0.0.1:3000", `127.0.0.1:${application.port}`);

const PROXIES = {
  nginx: async (port, folder) => {
    const config = `${process.getuid?.() === 0 ? "user root;" : ""}
      daemon off; pid nginx.pid; error_log stderr;
      events {}
      http {
        access_log off;
        ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((of) => `${of}_temp_path temp;`).join(" ")}
        server { listen 127.0.0.1:${port}; ${moved(block("nginx", "nginx"))} }
      }`;
    writeFileSync(join(folder, "nginx.conf"), config);
    return [await nginx(), ["-p", folder, "-c", "nginx.conf"]];
  },
  caddy: async (port, folder) => {
    const site = moved(block("Caddy", "caddyfile"));
    const config = `{\n admin off\n auto_https off\n}\nhttp://127.0.0.1:${port} {\n${site}\n}\n`;
    writeFileSync(join(folder, "Caddyfile"), config);
    return [
      await caddy(),
      ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"],
    ];
  },
};

/** Starts a proxy with the configuration that docs/forward-auth.md shows for it. */
async function startProxy(name) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), `edgegate-${name}-`));
  mkdirSync(join(folder, "home"));
  const [command, args] = await PROXIES[name](port, folder);
  const home = join(folder, "home");
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home };
  const program = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  program.stderr.on("data", (chunk) => (said += chunk));
  const ended = new Promise((resolve) => program.once("exit", resolve));
  const stop = async () => {
    program.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const ask = (path, options) => send(port, path, options);
  for (let tries = 0; tries < 1200; tries++) {
    if (program.exitCode !== null) throw new Error(`${name} ended early:\n${said}`);
    if (await ask("/admin/").catch(() => null)) return { ask, stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`${name} does not answer:\n${said}`);
}

for (const name of Object.keys(PROXIES)) {
  describe(name, () => {
    let proxy;
    before(async () => (proxy = await startProxy(name)));
    after(() => proxy?.stop());

    test("whatever the method, an administrator gets through and nobody else", async () => {
      for (const method of METHODS) {
        const body = ["POST", "PUT", "PATCH"].includes(method) ? "role=admin" : undefined;
        for (const [token, status] of [
          [admin, 200],
          [user, 403],
          [undefined, 401],
          [`${admin}x`, 401],
        ]) {
          const before = application.seen.length;
          const path = "/admin/things?role=user&user_id=1";
          const answer = await proxy.ask(path, { method, headers: bearer(token), body });
          assert.equal(answer.status, status, `${method} ${status}`);
          const reached = application.seen.slice(before);
          assert.deepEqual(reached, status === 200 ? [`${method} ${path}`] : [], method);
        }
      }
    });

    test("the proxy's question does not read the body", async () => {
      const body = "x".repeat(200_000);
      const headers = { ...bearer(admin), "content-type": "application/octet-stream" };
      assert.equal((await proxy.ask("/admin/", { method: "POST", headers, body })).status, 200);
    });

    test("a preflight and forged headers open nothing", async () => {
      const before = application.seen.length;
      for (const headers of [
        PREFLIGHT,
        { ...PREFLIGHT, origin: "https://evil.example" },
        { ...bearer(user), "x-forwarded-method": "GET", "x-forwarded-uri": "/?role=admin" },
        { ...bearer(user), "x-original-url": "/auth/authorized?role=user" },
      ]) {
        for (const method of ["OPTIONS", "GET"]) {
          const { status } = await proxy.ask("/admin/", { method, headers });
          assert.ok([401, 403].includes(status), `${method}: ${status}`);
        }
      }
      assert.equal(application.seen.length, before, "nothing reached the application");
    });

    test("the challenge reaches the client", async () => {
      const { headers } = await proxy.ask("/admin/");
      assert.match(headers["www-authenticate"], /^Bearer/);
    });
  });
}

/**
 * Asks the Worker whether a request is allowed, by sending the request that a proxy would send.
 */
const question = (method, path, headers, body) =>
  send(Number(new URL(edgegate.origin).port), path, { method, headers, body });

// Traefik sends its question with the method GET, or with the client's method if
// `preserveRequestMethod` is set. It sends the client's headers, or only those that
// `authRequestHeaders` lists. It adds X-Forwarded-Method, -Proto, -Port, -Host, -Uri and -For.
// Source: `ServeHTTP` and `writeHeader` in
// https://github.com/traefik/traefik/blob/v3.6/pkg/middlewares/auth/forward.go
test("Traefik's questions: its 2xx is a yes", async () => {
  const { http } = parse(block("Traefik", "yaml"));
  const { address, authRequestHeaders } = http.middlewares["edgegate-admin"].forwardAuth;
  assert.deepEqual(authRequestHeaders, ["Authorization"]);
  const { pathname, search } = new URL(address);
  for (const preserves of [false, true]) {
    for (const method of METHODS) {
      const long = preserves && method === "POST" ? "x".repeat(50_000) : undefined;
      for (const body of [undefined, long]) {
        for (const [token, status] of [
          [admin, 200],
          [user, 403],
          [undefined, 401],
        ]) {
          const headers = {
            ...bearer(token),
            "x-forwarded-method": method,
            "x-forwarded-proto": "https",
            "x-forwarded-port": "443",
            "x-forwarded-host": "app.example.com",
            "x-forwarded-uri": "/admin/?role=user",
            "x-forwarded-for": "203.0.113.9",
          };
          const asked = preserves ? method : "GET";
          const answer = await question(asked, `${pathname}${search}`, headers, body);
          assert.equal(answer.status, status, asked);
        }
      }
    }
  }
});

// Envoy sends its question with the client's method. The path is `path_prefix`, followed by the
// client's path and query. The headers are Host, Authorization and Content-Length. Content-Length
// is 0 without `with_request_body`. Source: `RawHttpClientImpl::check` in
// https://github.com/envoyproxy/envoy/blob/main/source/extensions/filters/common/ext_authz/ext_authz_http_impl.cc
test("Envoy's questions: only its 200 is a yes, and no client adds a criterion", async () => {
  const [{ typed_config }] = parse(block("Envoy", "yaml"));
  assert.equal(typed_config.failure_mode_allow, false);
  const { path_prefix } = typed_config.http_service;
  for (const method of METHODS) {
    for (const path of [
      "/admin/",
      "/admin/?role=user",
      "/admin/&role=user",
      "/admin/%26role=user?original=&role=user",
      "/",
    ]) {
      for (const [token, status] of [
        [admin, 200],
        [user, 403],
        [undefined, 401],
      ]) {
        const headers = { ...bearer(token), "content-length": "0" };
        const answer = await question(method, `${path_prefix}${path}`, headers);
        assert.equal(answer.status, status, `${method} ${path}`);
      }
    }
    // With `with_request_body`, Envoy also sends the body of the client's request.
    const sent = { ...bearer(admin), "content-type": "application/json" };
    const body = method === "GET" || method === "HEAD" ? undefined : "x".repeat(50_000);
    assert.equal((await question(method, `${path_prefix}/`, sent, body)).status, 200, method);
  }
  for (const path of ["/admin/?role=admin", "/?role=user"]) {
    const answer = await question("GET", `/auth/authorized${path}`, bearer(user));
    assert.notEqual(answer.status, 200, "a prefix without criteria opens nothing");
  }
});

// Sends a request. Does not use `fetch`, because `fetch` would normalise the path before it sends
// the request.
function send(
  port,
  path,
  /** @type {{ method?: string, headers?: object, body?: string }} */
  { method = "GET", headers = {}, body } = {},
) {
  // Node does not send Content-Length by itself for DELETE and OPTIONS.
  const length = body === undefined ? {} : { "content-length": `${body.length}` };
  const options = { host: "127.0.0.1", port, path, method, headers: { ...headers, ...length } };
  return new Promise((resolve, reject) => {
    const sent = request(options, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk));
      answer.on("end", () =>
        resolve({ status: answer.statusCode, headers: answer.headers, body: text }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
