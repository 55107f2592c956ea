// Tests cookie mode in a browser: the refresh token is in a cookie. The service's own pages and
// pages of an allowed origin can use the cookie. No other page can use it to renew a token, log out
// or sign in.
//
// For browsers, the port is not part of a site. So a page on another port of 127.0.0.1 belongs to
// the service's site, and the browser sends the cookie with the requests of this page. A page on
// localhost belongs to another site.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { startBrowser } from "./browser.mjs";
import { startEdgegate } from "./edgegate.mjs";

const PASSWORD = "correct horse battery staple";
const login = { email: "ada@example.com", password: PASSWORD, cookie: true };
const renewal = { grant_type: "refresh_token" };

let browser, edgegate, friend, neighbour, stranger;
before(async () => {
  [browser, friend, neighbour, stranger] = await Promise.all([
    startBrowser(),
    servePage("127.0.0.1"),
    servePage("127.0.0.1"),
    servePage("localhost"),
  ]);
  edgegate = await startEdgegate({ vars: { ALLOWED_ORIGINS: friend.origin, LIMITS: "off" } });
});
after(async () => {
  await Promise.all([
    browser?.close(),
    edgegate?.stop(),
    ...[friend, neighbour, stranger].map((server) => server?.stop()),
  ]);
});

/** Serves an empty page without a Content-Security-Policy. The page has an origin of its own. */
async function servePage(host) {
  const server = createServer((_, answer) =>
    answer.setHeader("Content-Type", "text/html").end("<!doctype html><title>page</title>"),
  );
  await /** @type {Promise<void>} */ (new Promise((resolve) => server.listen(0, host, resolve)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    origin: `http://${host}:${port}`,
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

/**
 * Opens a browser profile in which Ada is signed in. `own` is a page of the service in this
 * profile.
 */
async function signedIn(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const own = await context.newPage();
  await own.goto(`${edgegate.origin}/forgot-password`);
  assert.equal((await post(own, "/auth/login", login)).status, 200);
  return { context, own };
}

/**
 * Sends JSON with POST, as a script in the page would. Returns what the script can read of the
 * answer, or "unreadable".
 */
const post = (
  page,
  path,
  json,
  /** @type {{ credentials?: RequestCredentials, token?: string }} */ {
    credentials = "include",
    token,
  } = {},
) =>
  page.evaluate(
    async ([url, json, credentials, token]) => {
      const headers = {
        "Content-Type": "application/json",
        ...(token && { Authorization: `Bearer ${token}` }),
      };
      try {
        const answer = await fetch(url, {
          method: "POST",
          headers,
          credentials,
          body: JSON.stringify(json),
        });
        const text = await answer.text();
        return {
          status: answer.status,
          headers: Object.fromEntries(answer.headers),
          body: text && JSON.parse(text),
        };
      } catch {
        return "unreadable";
      }
    },
    [edgegate.origin + path, json, credentials, token],
  );

const jar = async (context) => {
  const ours = `edgegate-${new URL(edgegate.origin).port}`;
  return (await context.cookies(edgegate.origin)).filter(({ name }) => name === ours);
};

test("its own page: the cookie is there, no script sees it, and it renews and logs out by it", async (t) => {
  const { context, own } = await signedIn(t);
  const [cookie] = await jar(context);
  assert.match(cookie.value, /^egr_[\w-]{122}$/);
  assert.deepEqual(
    [cookie.httpOnly, cookie.sameSite, cookie.path, cookie.domain],
    [true, "Strict", "/", "127.0.0.1"],
  );
  assert.ok(Math.abs(cookie.expires - Date.now() / 1000 - 90 * 86_400) < 600);
  assert.equal(await own.evaluate(() => document.cookie), "");
  assert.deepEqual(
    await own.evaluate(async () => (window.cookieStore ? (await cookieStore.getAll()).length : 0)),
    0,
  );

  await own.reload();
  const renewed = await post(own, "/auth/token", renewal, { credentials: "same-origin" });
  assert.equal(renewed.status, 200);
  assert.ok(renewed.body.access_token && !("refresh_token" in renewed.body));
  assert.equal(renewed.headers["set-cookie"], undefined);
  const plain = await post(
    own,
    "/auth/login",
    { ...login, cookie: false },
    { credentials: "omit" },
  );
  const { refresh_token } = plain.body;
  assert.equal(
    (await post(own, "/auth/token", { ...renewal, refresh_token })).body.error,
    "invalid_request",
    "both at once",
  );
  assert.equal(
    (await post(own, "/auth/token", { ...renewal, refresh_token }, { credentials: "omit" })).status,
    200,
  );

  assert.equal((await post(own, "/auth/revoke", {})).status, 200);
  assert.deepEqual(await jar(context), []);
  assert.equal((await post(own, "/auth/token", renewal)).body.error, "invalid_grant");
});

test("a page of an allowed origin on the same site signs in, renews and reads answers", async (t) => {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(friend.origin);
  const begun = await post(page, "/auth/login", login);
  assert.equal(begun.status, 200);
  assert.match(begun.headers["x-request-id"], /^[0-9a-f-]{36}$/);
  assert.equal((await jar(context)).length, 1);
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.equal((await post(page, "/auth/token", renewal)).status, 200);
  assert.equal(
    (await post(page, "/auth/token", renewal, { credentials: "omit" })).body.error,
    "invalid_grant",
  );
  const refused = await page.evaluate(async (url) => {
    const answer = await fetch(`${url}/auth/me`, { headers: { Authorization: "Bearer x" } });
    return [answer.status, answer.headers.get("WWW-Authenticate")];
  }, edgegate.origin);
  assert.deepEqual(refused, [401, 'Bearer realm="edgegate", error="invalid_token"']);
  const ended = await page.evaluate(
    async ([url, token]) =>
      (
        await fetch(`${url}/auth/sessions`, {
          method: "DELETE",
          headers: { Authorization: `Bearer ${token}` },
        })
      ).status,
    [edgegate.origin, begun.body.access_token],
  );
  assert.equal(ended, 204);
  assert.equal((await post(page, "/auth/revoke", {})).status, 200);
  assert.deepEqual(await jar(context), []);
});

for (const [who, isSameSite, serverOf] of /** @type {const} */ ([
  ["a neighbour on the same site", true, () => neighbour],
  ["a stranger on another site", false, () => stranger],
])) {
  test(`${who} can neither renew nor log out nor sign in by the cookie, whatever its page sends`, async (t) => {
    const { context, own } = await signedIn(t);
    const [before] = await jar(context);
    const evil = await context.newPage();
    await evil.goto(serverOf().origin);
    const seen = [];
    context.on("response", async (response) => {
      const request = response.request();
      if (!response.url().startsWith(`${edgegate.origin}/auth/`) || request.method() === "OPTIONS")
        return;
      seen.push(
        request.allHeaders().then(({ cookie, origin }) => ({
          status: response.status(),
          cookie: cookie ?? "",
          origin,
        })),
      );
    });

    // A request with JSON needs a preflight. The answer to the preflight does not allow a request
    // with the cookie, so the browser does not send the request.
    for (const [path, json] of [
      ["/auth/token", renewal],
      ["/auth/revoke", {}],
      ["/auth/login", login],
    ])
      assert.equal(await post(evil, path, json), "unreadable");
    assert.equal((await Promise.all(seen)).length, 0);

    // Without the cookie, apps of every origin may call the OAuth endpoints. The page can read the
    // answers to these calls. The answers are errors, because the calls carry no token.
    assert.equal(await post(evil, "/auth/login", login, { credentials: "omit" }), "unreadable");
    /** @type {[string, object][]} */
    const opened = [
      ["/auth/token", renewal],
      ["/auth/revoke", {}],
    ];
    for (const [path, json] of opened) {
      const { status } = await post(evil, path, json, { credentials: "omit" });
      assert.equal(status, 400, path);
    }
    const without = await Promise.all(seen.splice(0));
    assert.deepEqual(
      without.map(({ cookie }) => cookie),
      ["", ""],
    );

    // These are requests that any page may send without a preflight.
    const others = { ...login, email: "root@example.com" };
    const sent = await evil.evaluate(
      async ([origin, renewal, login]) => {
        const bodies = [
          ["/auth/token", renewal],
          ["/auth/revoke", {}],
          ["/auth/login", login],
        ];
        let count = 0;
        for (const [path, json] of bodies) {
          const text = JSON.stringify(json);
          const form = new URLSearchParams(json);
          for (const body of [
            text,
            new Blob([text]),
            new Blob([text], { type: "text/plain;application/json" }),
            form,
          ]) {
            await fetch(origin + path, {
              method: "POST",
              mode: "no-cors",
              credentials: "include",
              body,
            });
            count++;
          }
          navigator.sendBeacon(origin + path, new Blob([text], { type: "text/plain" }));
          count++;
          // With text/plain, a browser sends a form's field as its name, "=" and its value. Here
          // the name and the value are chosen so that the result is valid JSON.
          for (const enctype of [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
          ]) {
            const frame = Object.assign(document.createElement("iframe"), {
              name: `frame-${count}`,
            });
            const element = Object.assign(document.createElement("form"), {
              method: "POST",
              action: origin + path,
              enctype,
              target: frame.name,
            });
            const [start, end] = [text.slice(0, -1), `,"x":"="}`];
            element.append(
              Object.assign(document.createElement("input"), {
                name: `${start}${end.slice(0, -3)}`,
                value: `"}`,
              }),
            );
            document.body.append(frame, element);
            const loaded = new Promise((resolve) =>
              frame.addEventListener("load", resolve, { once: true }),
            );
            element.submit();
            await loaded;
            count++;
          }
        }
        return count;
      },
      [edgegate.origin, renewal, others],
    );
    for (let i = 0; seen.length < sent && i < 1200; i++) await evil.waitForTimeout(50);
    const answers = await Promise.all(seen);
    assert.equal(answers.length, sent, "every one of them arrived");
    for (const { status, origin } of answers) {
      assert.ok([400, 403, 415].includes(status), `${status}`);
      assert.notEqual(origin, edgegate.origin);
    }
    const withCookie = answers.filter(({ cookie }) => cookie.includes(before.value)).length;
    assert.equal(withCookie > 0, isSameSite, "SameSite alone stops a stranger, and no neighbour");

    assert.deepEqual(
      (await jar(context)).map(({ value }) => value),
      [before.value],
    );
    const renewed = await post(own, "/auth/token", renewal);
    assert.equal(renewed.status, 200);
    assert.equal(
      await post(evil, "/auth/users/1/revoke", {}, { token: renewed.body.access_token }),
      "unreadable",
      "a stolen access token is of no use in a page",
    );
  });
}

test("a page without an origin of its own is nobody", async (t) => {
  const { context, own } = await signedIn(t);
  const [before] = await jar(context);
  const evil = await context.newPage();
  await evil.goto(friend.origin);
  const answer = await evil.evaluate(
    ([origin, body]) =>
      new Promise((resolve) => {
        addEventListener("message", ({ data, origin: from }) => resolve([data, from]), {
          once: true,
        });
        const ask = `fetch(${JSON.stringify(`${origin}/auth/token`)}, { method: "POST", credentials: "include", headers: { "Content-Type": "application/json" }, body: ${JSON.stringify(body)} })
          .then(({ status }) => status, () => "unreadable").then((what) => parent.postMessage(what, "*"))`;
        document.body.append(
          Object.assign(document.createElement("iframe"), {
            sandbox: "allow-scripts",
            srcdoc: `<script>${ask}</script>`,
          }),
        );
      }),
    [edgegate.origin, JSON.stringify(renewal)],
  );
  assert.deepEqual(answer, ["unreadable", "null"]);
  assert.deepEqual(
    (await jar(context)).map(({ value }) => value),
    [before.value],
  );
  assert.equal((await post(own, "/auth/token", renewal)).status, 200);
});
