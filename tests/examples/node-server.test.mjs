// Tests examples/node-server as a separate process, with the packed package and a real edgegate.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { node } from "../../scripts/project/tools.mjs";
import { startEdgegate } from "../browser/edgegate.mjs";
import { PASSWORD } from "../e2e/client.mjs";
import { installExample } from "./example.mjs";

test("a Node server checks tokens", async (t) => {
  const edgegate = await startEdgegate({ vars: { LIMITS: "off" } });
  t.after(() => edgegate.stop());
  const cwd = await installExample(t, "node-server");
  const server = spawn(node(), ["server.js"], {
    cwd,
    env: { ...process.env, ISSUER: edgegate.origin, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => server.kill());
  const [line] = await once(server.stdout, "data");
  const origin = /http:\S+/.exec(line)?.[0];
  const ask = async (path, token) => {
    const answer = await fetch(origin + path, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
    });
    return [answer.status, await answer.json()];
  };
  const logIn = async (email) =>
    (await edgegate.post("/auth/login", { email, password: PASSWORD })).json();
  const [user, admin] = [await logIn("ada@example.com"), await logIn("root@example.com")];

  assert.equal((await ask("/"))[0], 200);
  assert.deepEqual(await ask("/me", user.access_token), [
    200,
    { id: user.user.id, roles: ["user"] },
  ]);
  for (const token of [undefined, "x", user.refresh_token, `${user.access_token}x`]) {
    assert.deepEqual(await ask("/me", token), [401, { code: "invalid_token" }]);
    assert.equal((await ask("/admin", token))[0], 403);
  }
  assert.equal((await ask("/admin", user.access_token))[0], 403);
  assert.deepEqual(await ask("/admin", admin.access_token), [200, { secret: 42 }]);

  // RFC 9110 sections 11.4 and 15.5.2.
  for (const scheme of ["bearer ", "BEARER  ", "Bearer     "]) {
    const headers = { authorization: `${scheme}${user.access_token}` };
    assert.equal((await fetch(`${origin}/me`, { headers })).status, 200, scheme);
  }
  const refused = await fetch(`${origin}/me`);
  assert.match(refused.headers.get("www-authenticate") ?? "", /^Bearer/);
});
