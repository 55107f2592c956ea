// Runs examples/forward-auth as the README of the example says. Before nginx answers a request, it
// asks the Worker whether the request is allowed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { nginx } from "../../scripts/setup/nginx.mjs";
import { freePort, startEdgegate } from "../browser/edgegate.mjs";
import { PASSWORD } from "../e2e/client.mjs";

describe("nginx, auth_request", () => {
  let edgegate, guard, admin, user;
  before(async () => {
    edgegate = await startEdgegate({ vars: { LIMITS: "off" } });
    guard = await startNginx(edgegate.origin);
    [admin, user] = await Promise.all(["root@example.com", "ada@example.com"].map(logIn));
  });
  after(async () => {
    await guard?.stop();
    await edgegate?.stop();
  });

  const logIn = async (email) =>
    (await (await edgegate.post("/auth/login", { email, password: PASSWORD })).json()).access_token;
  const ask = (path, token, options) =>
    guard.ask(path, { ...options, headers: token && { authorization: `Bearer ${token}` } });

  test("an administrator gets in, nobody else", async () => {
    assert.equal((await ask("/")).status, 200);
    const page = await ask("/admin/", admin);
    assert.equal(page.status, 200);
    assert.match(page.body, /Only administrators/);
    assert.equal((await ask("/admin/", user)).status, 403);
    const nobody = await ask("/admin/");
    assert.equal(nobody.status, 401);
    assert.match(nobody.headers["www-authenticate"], /^Bearer/);
    assert.equal((await ask("/admin/", `${admin}x`)).status, 401);
  });

  test("no spelling of the path leads around it", async () => {
    for (const path of [
      "/admin/index.html",
      "//admin/",
      "/./admin/",
      "/x/../admin/",
      "/%61dmin/",
      "/admin%2findex.html",
      "/admin/?role=user",
      "/admin//",
    ]) {
      const { status, body } = await ask(path, user);
      assert.ok([400, 403, 404].includes(status), `${path}: ${status}`);
      assert.doesNotMatch(body, /Only administrators/, path);
    }
    assert.equal(
      (await ask("/_edgegate/admin", admin)).status,
      404,
      "the question itself is nobody's to ask",
    );
  });

  test("a body, another method or a criterion of the client's own changes nothing", async () => {
    assert.equal((await ask("/admin/", user, { method: "POST", body: "role=user" })).status, 403);
    assert.equal((await ask("/admin/", user, { method: "HEAD" })).status, 403);
    assert.equal((await ask("/admin/", admin, { method: "HEAD" })).status, 200);
  });

  test("a session that has ended opens nothing more", async () => {
    const answer = await edgegate.post("/auth/login", {
      email: "root@example.com",
      password: PASSWORD,
    });
    const { access_token, refresh_token } = await answer.json();
    assert.equal((await ask("/admin/", access_token)).status, 200);
    assert.equal((await edgegate.post("/auth/revoke", { token: refresh_token })).status, 200);
    assert.equal((await ask("/admin/", access_token)).status, 401);
  });

  test("without edgegate nobody gets in", async (t) => {
    const alone = await startNginx(`http://127.0.0.1:${await freePort()}`);
    t.after(() => alone.stop());
    assert.equal(
      (await alone.ask("/admin/", { headers: { authorization: `Bearer ${admin}` } })).status,
      500,
    );
    assert.equal((await alone.ask("/")).status, 200);
  });
});

/** Starts nginx with the configuration of the example, but with other ports. */
async function startNginx(edgegate) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "edgegate-nginx-"));
  cpSync(inRoot("examples/forward-auth"), folder, { recursive: true });
  const config = readFileSync(join(folder, "nginx.conf"), "utf8");
  const moved = config
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`)
    .replaceAll("http://127.0.0.1:8787", edgegate);
  // If nginx is started as root, its worker processes usually run as another user. That user could
  // not read the temporary folder.
  writeFileSync(
    join(folder, "nginx.conf"),
    process.getuid?.() === 0 ? `user root;\n${moved}` : moved,
  );
  const program = spawn(await nginx(), ["-p", folder, "-c", "nginx.conf"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  program.stderr.on("data", (chunk) => (said += chunk));
  const ended = new Promise((resolve) => program.once("exit", resolve));
  const stop = async () => {
    program.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const ask = (path, options) => send(port, path, options);
  for (let tries = 0; tries < 400; tries++) {
    if (program.exitCode !== null) throw new Error(`nginx ended early:\n${said}`);
    if (await ask("/").catch(() => null)) return { ask, stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`nginx does not answer:\n${said}`);
}

// Sends a request. Does not use `fetch`, because `fetch` would normalise the path before it sends
// the request.
function send(
  port,
  path,
  /** @type {{ method?: string, headers?: Record<string, string>, body?: string }} */
  { method = "GET", headers = {}, body } = {},
) {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
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
