// Tests examples/hono-worker in workerd, with the packed package and a real edgegate.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startEdgegate } from "../browser/edgegate.mjs";
import { PASSWORD } from "../e2e/client.mjs";
import { eventually } from "../e2e/workers.mjs";
import { installExample } from "./example.mjs";

// The test needs no network: don't fetch a sample of `request.cf`.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";

describe("a Hono Worker guards its routes", () => {
  let edgegate, admin, user, worker;
  const cleanUp = [];
  before(async () => {
    edgegate = await startEdgegate({ vars: { LIMITS: "off" } });
    cleanUp.push(() => edgegate.stop());
    const folder = await installExample({ after: (work) => cleanUp.push(work) }, "hono-worker");
    const { createTestHarness } = await import("wrangler");
    worker = createTestHarness({
      root: folder,
      workers: [{ configPath: `${folder}/wrangler.toml`, vars: { ISSUER: edgegate.origin } }],
    });
    cleanUp.push(() => worker.close());
    await worker.listen();
    [admin, user] = await Promise.all(["root@example.com", "ada@example.com"].map(logIn));
  });
  after(async () => {
    for (const work of cleanUp.reverse()) await work();
  });

  const logIn = async (email) =>
    (await edgegate.post("/auth/login", { email, password: PASSWORD })).json();
  const ask = async (path, token, scheme = "Bearer ") => {
    const answer = await worker.fetch(new URL(path, "http://example.com"), {
      headers: token ? { authorization: `${scheme}${token}` } : {},
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };

  test("anybody, anyone signed in, administrators, owners", async () => {
    assert.equal((await ask("/")).status, 200);
    const nobody = await ask("/me");
    assert.equal(nobody.status, 401);
    assert.match(nobody.headers.get("www-authenticate"), /^Bearer/);
    const me = await ask("/me", user.access_token);
    assert.deepEqual([me.status, JSON.parse(me.text).id], [200, user.user.id]);
    assert.equal((await ask("/admin", user.access_token)).status, 403);
    assert.equal((await ask("/admin", admin.access_token)).status, 200);
    assert.equal((await ask(`/users/${user.user.id}/notes`, user.access_token)).status, 200);
    assert.equal((await ask(`/users/${admin.user.id}/notes`, user.access_token)).status, 403);
  });

  // RFC 9110 section 11.4.
  test("the scheme has any case, and several spaces may follow it", async () => {
    for (const scheme of ["bearer ", "BEARER  ", "Bearer     "])
      assert.equal((await ask("/me", user.access_token, scheme)).status, 200, scheme);
    for (const scheme of ["Bearer", "Bearer\t", "Basic ", "Bearer x "])
      assert.equal((await ask("/me", user.access_token, scheme)).status, 401, scheme);
  });

  test("a token that is not ours opens nothing", async () => {
    const [header, payload, signature] = user.access_token.split(".");
    const raised = Buffer.from(
      Buffer.from(payload, "base64url").toString().replace('"user"', '"admin"'),
    ).toString("base64url");
    for (const token of [
      "x",
      `${header}.${raised}.${signature}`,
      `${header}.${payload}.`,
      user.refresh_token,
    ]) {
      for (const path of ["/me", "/admin"])
        assert.equal((await ask(path, token)).status, 401, token.slice(0, 20));
    }
  });

  test("keys that can't be had are no fault of the token: 503, and it works when they are back", async (t) => {
    await worker.reset();
    const { fetch } = globalThis;
    t.after(() => (globalThis.fetch = fetch));
    globalThis.fetch = async () => {
      throw new TypeError("no way there");
    };
    const away = await ask("/me", user.access_token);
    assert.deepEqual([away.status, away.headers.get("retry-after")], [503, "2"]);
    globalThis.fetch = fetch;
    // The package waits a while before it tries to fetch the keys again. So repeat the request
    // until it succeeds.
    await eventually(async () => (await ask("/me", user.access_token)).status === 200);
  });

  test("ten at once in a fresh isolate: each gets its answer", async () => {
    await worker.reset();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        ask("/admin", n % 2 ? admin.access_token : user.access_token),
      ),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [403, 200, 403, 200, 403, 200, 403, 200, 403, 200],
    );
  });
});
