// The service accepts the cookie only if the request meets certain conditions. Tests the conditions
// for the request's origin, for its form and for the cookies that it carries. The tests of the
// first group run with both session stores.
import assert from "node:assert/strict";
import { request as rawRequest } from "node:http";
import { test } from "node:test";
import { ADA, clientOf, PASSWORD, ROOT } from "../client.mjs";
import { goesOn, LOGIN, NAME, pageOf, setCookieOf } from "../cookie-jar.mjs";
import { TEST_VARS } from "../harness.mjs";
import { startWorkers } from "../workers.mjs";

const NEW_PASSWORD = "an analytical engine";
const REFUSED_ORIGINS = [
  undefined,
  "null",
  "",
  "http://127.0.0.1:8787/",
  "http://127.0.0.1:8787.evil.example",
  "http://evil.example/http://127.0.0.1:8787",
  "http://127.0.0.1:87871",
  "http://127.0.0.1:878",
  "http://127.0.0.1",
  "https://127.0.0.1:8787",
  "HTTP://127.0.0.1:8787",
  "http://localhost:8787",
  "http://127.0.0.1:8787, http://127.0.0.1:8787",
  "https://evil.example",
];

for (const store of ["kv", "durable"]) {
  test(`requests in cookie mode with SESSION_STORE = "${store}"`, async (t) => {
    const {
      workers: [edge],
      stop,
    } = await startWorkers([{ vars: { SESSION_STORE: store, REGISTRATION: "open" } }]);
    t.after(stop);

    await t.test(
      "from another origin, or from none that can be named: 403, and nothing is done",
      async () => {
        const page = pageOf(edge);
        const { access_token: token } = await page.logIn(ADA, PASSWORD);
        const before = await sessionsOf(page, token);
        for (const origin of REFUSED_ORIGINS) {
          const headers = { ...page.headers(), origin };
          if (origin === undefined) delete headers.origin;
          for (const [path, json] of /** @type {[path: string, json: object][]} */ ([
            ["/auth/token", { grant_type: "refresh_token" }],
            ["/auth/revoke", {}],
            ["/auth/login", LOGIN],
            ["/auth/register", { email: "eve@example.com", password: PASSWORD, cookie: true }],
            [
              "/auth/password/change",
              { current_password: PASSWORD, new_password: NEW_PASSWORD, cookie: true },
            ],
          ])) {
            const answer = await clientOf(edge).post(path, { json, headers, token });
            assert.deepEqual(
              [answer.status, answer.body.code, setCookieOf(answer)],
              [403, "forbidden", undefined],
              `${origin}: ${path}`,
            );
            // Pages of every origin may read the answers of the OAuth endpoints, but only if the
            // request had no cookies.
            const isForApps = path === "/auth/token" || path === "/auth/revoke";
            const readers = answer.headers.get("access-control-allow-origin");
            assert.equal(readers, isForApps ? "*" : null);
            assert.equal(answer.headers.get("access-control-allow-credentials"), null);
            assert.equal(
              answer.headers.get("www-authenticate"),
              null,
              "another token would not help",
            );
          }
        }
        assert.deepEqual(await sessionsOf(page, token), before);
        assert.equal((await page.renew()).status, 200);
        assert.equal(
          await edge.db
            .prepare("SELECT count(*) AS n FROM users WHERE email = 'eve@example.com'")
            .first("n"),
          0,
        );
      },
    );

    await t.test(
      "a form, and text that is JSON, never use the cookie, though any page can send them",
      async () => {
        const page = pageOf(edge);
        const { access_token } = await page.logIn(ADA, PASSWORD);
        const json = '{"grant_type":"refresh_token"}';
        const form = "application/x-www-form-urlencoded";
        for (const [path, type, body, status] of [
          ["/auth/token", form, "grant_type=refresh_token", 400],
          ["/auth/token", "text/plain", json, 415],
          ["/auth/token", "text/plain; application/json", json, 415],
          ["/auth/token", "multipart/form-data; boundary=x", json, 415],
          ["/auth/revoke", form, "", 400],
          ["/auth/revoke", form, "token_type_hint=refresh_token", 400],
          ["/auth/revoke", "text/plain", "{}", 415],
          ["/auth/login", form, `email=${ADA}&password=${PASSWORD}&cookie=true`, 415],
          ["/auth/login", "text/plain", JSON.stringify(LOGIN), 415],
        ]) {
          for (const origin of [edge.origin, "https://evil.example"]) {
            const headers = { "content-type": type, origin };
            const answer = await page.call("POST", path, { body, headers });
            assert.deepEqual(
              [answer.status, setCookieOf(answer)],
              [status, undefined],
              `${path} ${type} ${origin}`,
            );
          }
        }
        // Sends a request without a content type, as a page does when it sends a Blob.
        const blob = await edge.fetch("/auth/revoke", {
          method: "POST",
          headers: page.headers(),
          body: new Uint8Array([123, 125]),
        });
        assert.equal(blob.status, 415);
        assert.ok(await goesOn(page, access_token));
        for (const value of ["true", 1, null, {}]) {
          const answer = await page.post("/auth/login", { ...LOGIN, cookie: value });
          assert.deepEqual(
            [answer.status, answer.body.code],
            [400, "invalid_request"],
            JSON.stringify(value),
          );
        }
      },
    );

    await t.test(
      "a token in the body and the cookie at once: 400, in JSON and in a form",
      async () => {
        const page = pageOf(edge);
        const { access_token } = await page.logIn(ADA, PASSWORD);
        const { access_token: others, refresh_token } = await page.client.logIn(ADA);
        for (const token of [refresh_token, page.cookie, "nothing", ""]) {
          for (const body of ["json", "form"]) {
            const renewal = await page.call("POST", "/auth/token", {
              [body]: { grant_type: "refresh_token", refresh_token: token },
            });
            assert.deepEqual(
              [renewal.status, renewal.body.error, setCookieOf(renewal)],
              [400, "invalid_request", undefined],
            );
            const out = await page.call("POST", "/auth/revoke", { [body]: { token } });
            assert.deepEqual(
              [out.status, out.body.error, setCookieOf(out)],
              [400, "invalid_request", undefined],
            );
          }
        }
        assert.ok((await goesOn(page, access_token)) && (await goesOn(page, others)));
        const omitting = pageOf(edge);
        const renewal = await omitting.post("/auth/token", {
          grant_type: "refresh_token",
          refresh_token,
        });
        assert.deepEqual(
          [renewal.status, renewal.body.refresh_token, setCookieOf(renewal)],
          [200, refresh_token, undefined],
        );
        const bearer = await page.renew({ token: access_token });
        assert.equal(bearer.status, 200, "an access token beside the cookie is nobody's business");
      },
    );

    await t.test(
      "a cookie that is there twice is refused, and none of the two is cleared",
      async () => {
        const page = pageOf(edge);
        const { access_token } = await page.logIn(ADA, PASSWORD);
        const planted = pageOf(edge);
        await planted.logIn(ROOT, PASSWORD);
        const both = [
          `${NAME}=${page.cookie}; ${NAME}=${planted.cookie}`,
          `${NAME}=${page.cookie}; x=1; ${NAME}=`,
        ];
        for (const cookie of both) {
          for (const [path, json] of /** @type {[path: string, json: object][]} */ ([
            ["/auth/token", { grant_type: "refresh_token" }],
            ["/auth/revoke", {}],
            ["/auth/login", LOGIN],
          ])) {
            const answer = await page.post(path, json, { headers: { cookie } });
            const code = answer.body.error ?? answer.body.code;
            assert.deepEqual(
              [answer.status, code, setCookieOf(answer)],
              [400, "invalid_request", undefined],
              path,
            );
          }
        }
        // The request has two Cookie header lines, which browsers don't send over HTTP/1.1. The
        // runtime joins both values into one text, and the service rejects it.
        const lines = await raw(edge, [
          ["Cookie", `${NAME}=${page.cookie}`],
          ["Cookie", `${NAME}=${planted.cookie}`],
        ]);
        assert.equal(lines.status, 400);
        assert.ok(await goesOn(page, access_token));
      },
    );

    await t.test("cookies of other names, and a Cookie header without end", async () => {
      const page = pageOf(edge);
      await page.logIn(ADA, PASSWORD);
      for (const name of [
        "Edgegate-8787",
        "EDGEGATE-8787",
        "__Host-edgegate",
        "__Host-edgegate-8787",
        "__Secure-edgegate-8787",
        "edgegate",
        "edgegate-8788",
        "edgegate-87872",
        "xedgegate-8787",
        "edgegate-8787.sig",
        "edgegate-8787 ",
      ]) {
        const answer = await page.renew({ headers: { cookie: `${name}=${page.cookie}` } });
        assert.deepEqual(
          [answer.status, answer.body.error],
          [400, "invalid_grant"],
          `${name}: as without a cookie`,
        );
      }
      const among = await page.renew({
        headers: { cookie: `${"a=b; ".repeat(1000)}${NAME}=${page.cookie};c=d` },
      });
      assert.equal(among.status, 200);
      for (const cookie of [
        `${NAME}=${"x".repeat(17_000)}`,
        `x=${"y".repeat(16_400)}; ${NAME}=${page.cookie}`,
      ]) {
        const answer = await page.renew({ headers: { cookie } });
        assert.deepEqual(
          [answer.status, answer.body.error, setCookieOf(answer)],
          [400, "invalid_request", undefined],
        );
      }
    });

    await t.test("no GET uses, changes or sets it", async () => {
      const page = pageOf(edge);
      await page.logIn(ADA, PASSWORD);
      for (const method of ["GET", "HEAD"]) {
        for (const [path, status] of [
          ["/auth/me", 401],
          ["/auth/sessions", 401],
          ["/auth/authorized?role=user", 401],
          ["/auth/token?grant_type=refresh_token", 405],
          ["/auth/revoke", 405],
          ["/auth/login", 405],
        ]) {
          const answer = await page.call(method, path, {
            headers: { "content-type": "application/json" },
          });
          assert.deepEqual(
            [answer.status, setCookieOf(answer)],
            [status, undefined],
            `${method} ${path}`,
          );
        }
      }
      assert.equal((await page.renew()).status, 200);
    });
  });
}

async function sessionsOf(page, token) {
  const { body } = await page.client.get("/auth/sessions", { token });
  return body.sessions.map(({ id }) => id).sort();
}

/**
 * Sends a renewal request with these header lines in addition to Host, Origin and Content-Type.
 * `fetch` can't be used, because it joins lines of the same name.
 */
function raw(edge, lines) {
  const headers = [
    ["Host", new URL(edge.url).host],
    ["Origin", edge.origin],
    ["Content-Type", "application/json"],
    ...lines,
  ];
  return new Promise((resolve, reject) => {
    const request = rawRequest(
      new URL("/auth/token", edge.url),
      { method: "POST", headers: headers.flat() },
      (answer) => {
        answer.resume().on("end", () => resolve({ status: answer.statusCode }));
      },
    );
    request.on("error", reject).end('{"grant_type":"refresh_token"}');
  });
}

test("registration by mail sets nothing, and asks for the origin all the same", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { REGISTRATION: "verified" } }]);
  t.after(stop);
  const json = { email: "new@example.com", cookie: true };
  const asked = await pageOf(edge).post("/auth/register", json);
  assert.deepEqual([asked.status, setCookieOf(asked)], [202, undefined]);
  const refused = await pageOf(edge, { origin: "https://evil.example" }).post(
    "/auth/register",
    json,
  );
  assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"]);
});

test("a deployed service: __Host- and Secure, and its own origin alone", async (t) => {
  const issuer = "https://auth.example.com";
  const vars = { ISSUER: issuer, LIMITS: "on", REGISTRATION: "open" };
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars }]);
  t.after(stop);
  const name = "__Host-edgegate";
  const page = pageOf(edge, { origin: issuer, name });
  const account = { email: "grace@example.com", password: NEW_PASSWORD, cookie: true };
  const begun = await page.post("/auth/register", account);
  assert.equal(begun.status, 201);
  const [device, signOn, session] = begun.headers.getSetCookie().sort();
  assert.match(device, /^__Host-edgegate-device=egd_/);
  assert.match(
    signOn,
    /^__Host-edgegate-sso=egs_[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=7776000$/,
  );
  assert.match(
    session,
    /^__Host-edgegate=egr_[\w-]{122}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=7776000$/,
  );
  assert.equal((await page.renew()).status, 200);
  const { cookie } = page;
  const local = await pageOf(edge, { origin: issuer, cookie }).renew();
  assert.deepEqual(
    [local.status, local.body.error],
    [400, "invalid_grant"],
    "`edgegate` could be planted by a neighbour",
  );
  // None of these origins is allowed, not even the loopback address to which the request is sent.
  for (const origin of [
    new URL(edge.url).origin,
    "http://localhost:8787",
    "http://auth.example.com",
    "https://www.auth.example.com",
  ]) {
    const answer = await pageOf(edge, { origin, name, cookie }).renew();
    assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"], origin);
  }
  const out = await page.post("/auth/revoke", {});
  assert.deepEqual(out.headers.getSetCookie(), [
    "__Host-edgegate=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0",
    "__Host-edgegate-sso=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
  ]);
});

test("local development: the loopback origin that the request came to, and no other", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{}]);
  t.after(stop);
  const own = new URL(edge.url).origin;
  assert.notEqual(own, TEST_VARS.ISSUER);
  for (const [origin, status] of /** @type {[origin: string, status: number][]} */ ([
    [own, 200],
    [TEST_VARS.ISSUER, 200],
    [own.replace("127.0.0.1", "localhost"), 403],
    ["http://127.0.0.1", 403],
  ])) {
    assert.equal(
      (await pageOf(edge, { origin }).post("/auth/login", LOGIN)).status,
      status,
      origin,
    );
  }
});

test("ALLOWED_ORIGINS: pages of another host on the same site, and when it is taken off the list, no more", async (t) => {
  const app = "https://app.example.com";
  const {
    workers: [listed, unlisted],
    stop,
  } = await startWorkers([{ vars: { ALLOWED_ORIGINS: `http://localhost:5173, ${app}` } }, {}]);
  t.after(stop);
  const page = pageOf(listed, { origin: app });
  await page.logIn(ADA, PASSWORD);
  const renewed = await page.renew();
  assert.equal(renewed.status, 200);
  assert.equal(renewed.headers.get("access-control-allow-origin"), app);
  for (const origin of [
    `${app}/`,
    `${app}:443`,
    `${app}.evil.example`,
    "https://xapp.example.com",
    "https://App.example.com",
    "http://app.example.com",
  ]) {
    assert.equal(
      (await pageOf(listed, { origin, cookie: page.cookie }).renew()).status,
      403,
      origin,
    );
  }
  assert.equal((await pageOf(unlisted, { origin: app, cookie: page.cookie }).renew()).status, 403);
});

// A browser sends a cookie to all ports of a host (RFC 6265 section 8.5).
test("two local services in one browser don't sign each other out", async (t) => {
  const origins = ["http://127.0.0.1:8787", "http://127.0.0.1:8788"];
  const { workers, stop } = await startWorkers(origins.map((ISSUER) => ({ vars: { ISSUER } })));
  t.after(stop);
  /** The browser's cookies for 127.0.0.1. Both services share them. */
  const jar = new Map();
  const post = async (at, path, json) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { origin: origins[at], ...(cookie && { cookie }) };
    const answer = await clientOf(workers[at]).post(path, { headers, json });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      if (value) jar.set(name, value);
      else jar.delete(name);
    }
    return answer.status;
  };
  const renew = (at) => post(at, "/auth/token", { grant_type: "refresh_token" });
  for (const at of [0, 1]) assert.equal(await post(at, "/auth/login", LOGIN), 200);
  for (const at of [0, 1, 0, 1]) assert.equal(await renew(at), 200);
  assert.equal(await post(0, "/auth/revoke", {}), 200);
  assert.deepEqual([await renew(0), await renew(1)], [400, 200]);
});
