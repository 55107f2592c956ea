// Tests CORS: the headers with which the service decides which pages may read its answers.
// tests/browser/cookie-mode.test.mjs tests what a browser does with these headers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADA, clientOf, PASSWORD, untilLimited } from "./client.mjs";
import { startWorker, TEST_VARS } from "./harness.mjs";

const APP = "https://app.example.com";
const DEV_SERVER = "http://localhost:5173";
const OTHERS = [
  "null",
  "*",
  "",
  "https://evil.example",
  `${APP}/`,
  `${APP}.evil.example`,
  `${APP}:443`,
  `${APP}:8443`,
  "https://evil-app.example.com",
  "https://example.com",
  "https://App.example.com",
  "http://app.example.com",
  `${APP}, ${APP}`,
  `${APP} ${DEV_SERVER}`,
  "http://localhost:5174",
  "http://localhost",
];

let edge, client;
before(async () => {
  edge = await startWorker({ vars: { ALLOWED_ORIGINS: `${APP}, ${DEV_SERVER}` } });
  client = clientOf(edge);
});
after(() => edge.stop());

const preflight = (path, origin, headers = {}) =>
  edge.fetch(path, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
      ...headers,
    },
  });

const corsHeaders = (headers) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));

/**
 * Pages of every origin may read the answers of the OAuth endpoints, if the request had no cookies.
 */
const FOR_APPS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Retry-After, X-Request-Id, Date, WWW-Authenticate",
};
const READABLE = (origin) => ({
  "access-control-allow-credentials": "true",
  "access-control-allow-origin": origin,
  "access-control-expose-headers": "Retry-After, X-Request-Id, Date, WWW-Authenticate",
});

test("a preflight of an allowed origin: 204, what may be sent, remembered for two hours", async () => {
  for (const origin of [APP, DEV_SERVER, TEST_VARS.ISSUER]) {
    for (const path of ["/auth/login", "/auth/me", "/auth/users/1", "/auth/nothing"]) {
      const answer = await preflight(path, origin);
      assert.equal(answer.status, 204);
      assert.equal(await answer.text(), "");
      assert.equal(answer.headers.get("vary"), "Origin");
      assert.deepEqual(corsHeaders(answer.headers), {
        ...READABLE(origin),
        "access-control-allow-headers": "Authorization, Content-Type",
        "access-control-allow-methods": "GET, POST, PATCH, DELETE",
        "access-control-max-age": "7200",
      });
    }
  }
});

test("a preflight of another origin: 204 without CORS headers", async () => {
  // Leave out the empty Origin. An empty Origin header does not reach the Worker, so the Worker
  // does not treat the request as a preflight.
  for (const origin of OTHERS.filter(Boolean)) {
    const answer = await preflight("/auth/login", origin);
    assert.deepEqual(
      [answer.status, corsHeaders(answer.headers), answer.headers.get("vary")],
      [204, {}, "Origin"],
      origin,
    );
  }
});

const reasons = () =>
  edge
    .logs()
    .filter(({ message }) => message.startsWith("{"))
    .map(({ message }) => JSON.parse(message))
    .filter(({ method }) => method === "OPTIONS")
    .map(({ reason }) => reason);

test("a refused preflight has its reason in the log, without the origin", async () => {
  const origin = "https://not-listed.example";
  await preflight("/auth/login", origin);
  assert.equal(reasons().at(-1), "preflight refused: the Origin is not in ALLOWED_ORIGINS");
  await preflight("/auth/login", "null");
  assert.match(reasons().at(-1), /^preflight refused: the Origin is null/);
  await preflight("/auth/login", APP);
  assert.equal(reasons().at(-1), undefined);
  await preflight("/auth/login", APP, { "access-control-request-method": "PUT" });
  assert.match(reasons().at(-1), /takes the method/);
  await preflight("/auth/login", APP, { "access-control-request-headers": "x y" });
  assert.match(reasons().at(-1), /headers/);
  assert.ok(!JSON.stringify(edge.logs()).includes(origin));
});

// The answer lists the allowed headers by name. It can't use `*`, because `*` would not include
// Authorization (Fetch standard, CORS-preflight fetch).
test("a page of an allowed origin may send the headers that it asks for", async () => {
  const allowed = async (asked, origin = APP, path = "/auth/login") => {
    const headers = { "access-control-request-headers": asked };
    const answer = await preflight(path, origin, headers);
    return answer.headers.get("access-control-allow-headers");
  };
  const ours = "Authorization, Content-Type";
  assert.equal(
    await allowed("baggage,content-type,sentry-trace"),
    `${ours}, baggage, sentry-trace`,
  );
  assert.equal(await allowed("X-Request-Id, traceparent"), `${ours}, x-request-id, traceparent`);
  for (const strange of ["x y", "x:y", '"x"', "x-a, <script>", "x".repeat(3000)]) {
    assert.equal(await allowed(strange), ours, strange);
  }
  assert.equal(await allowed("baggage", "https://evil.example"), null);
});

test("documents that every page may read answer every preflight, and never with credentials", async () => {
  for (const path of [
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/nothing",
    "/openapi.yaml",
  ]) {
    for (const origin of [APP, "https://evil.example", "null"]) {
      const answer = await preflight(path, origin, {
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization,baggage",
      });
      assert.equal(answer.status, 204, path);
      assert.deepEqual(corsHeaders(answer.headers), {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, HEAD",
        "access-control-allow-headers": "Authorization, Content-Type, baggage",
        "access-control-max-age": "7200",
      });
    }
  }
});

// Some proxies ask the service whether to allow a client's request. When such a proxy gets a
// preflight from a browser, it is possible that it asks by sending the service a copy of the
// preflight. The proxy would treat any 2xx as permission.
test("at a check, a preflight of another origin gets no 2xx", async () => {
  const path = "/auth/authorized?role=user";
  assert.equal((await preflight(path, APP)).status, 204);
  const other = await preflight(path, "https://evil.example");
  assert.deepEqual([other.status, corsHeaders(other.headers)], [403, {}]);
});

test("app shells and extensions can be listed, and only extensions use the cookie", async (t) => {
  const shells = ["capacitor://localhost", "ionic://localhost", "tauri://localhost"];
  const webs = [
    "http://tauri.localhost",
    "https://tauri.localhost",
    "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
    "moz-extension://2b1a9d3f-6f0a-4a39-9d4f-0a2d4a3a3e11",
    "safari-web-extension://7F9D4F3E-41A6-4B9A-8B1E-2D9C7E0F5A10",
  ];
  const listed = await startWorker({ vars: { ALLOWED_ORIGINS: [...shells, ...webs].join(", ") } });
  t.after(() => listed.stop());
  const json = { email: ADA, password: PASSWORD };
  for (const origin of [...shells, ...webs]) {
    const headers = { origin };
    const answer = await clientOf(listed).post("/auth/login", { json, headers });
    assert.deepEqual([answer.status, corsHeaders(answer.headers)], [200, READABLE(origin)]);
    const inCookie = await clientOf(listed).post("/auth/login", {
      json: { ...json, cookie: true },
      headers,
    });
    const isShell = shells.includes(origin);
    assert.equal(inCookie.status, isShell ? 403 : 200, origin);
    if (isShell) assert.match(inCookie.body.detail, /an app leaves out/);
  }
  for (const origin of ["capacitor://evil", "file://", "null", "tauri://localhost/"]) {
    const answer = await clientOf(listed).post("/auth/login", { json, headers: { origin } });
    assert.deepEqual(corsHeaders(answer.headers), {}, origin);
  }
});

test("what is asked for does not change which methods are allowed", async () => {
  for (const headers of [
    { "access-control-request-method": "PUT" },
    { "access-control-request-private-network": "true" },
  ]) {
    const answer = await preflight("/auth/login", APP, headers);
    assert.equal(answer.headers.get("access-control-allow-methods"), "GET, POST, PATCH, DELETE");
    assert.equal(answer.headers.get("access-control-allow-headers"), "Authorization, Content-Type");
    assert.equal(answer.headers.get("access-control-allow-private-network"), null);
  }
});

test("OPTIONS that is not a preflight is treated as any other method", async () => {
  for (const headers of [{}, { origin: APP }, { "access-control-request-method": "POST" }]) {
    const answer = await edge.fetch("/auth/login", { method: "OPTIONS", headers });
    assert.deepEqual(
      [
        answer.status,
        answer.headers.get("allow"),
        /** @type {{ code: string }} */ (await answer.json()).code,
      ],
      [405, "POST", "method_not_allowed"],
    );
  }
  for (const path of ["/healthz"]) {
    const answer = await preflight(path, APP);
    assert.deepEqual(
      [answer.status, answer.headers.get("access-control-allow-methods")],
      [405, null],
      path,
    );
  }
});

test("answers and refusals can be read by pages of allowed origins, and by no others", async () => {
  const { access_token: token } = await client.logIn(ADA);
  /** @typedef {{ headers?: object, [option: string]: unknown }} Options */
  /** @type {[method: string, path: string, options: Options, status: number][]} */
  const asks = [
    ["POST", "/auth/login", { json: { email: ADA, password: PASSWORD } }, 200],
    ["POST", "/auth/login", { json: { email: ADA, password: "wrong" } }, 401],
    ["POST", "/auth/login", { body: "{", headers: { "content-type": "application/json" } }, 400],
    [
      "POST",
      "/auth/login",
      { body: "x".repeat(17_000), headers: { "content-type": "application/json" } },
      413,
    ],
    ["POST", "/auth/token", { form: { grant_type: "refresh_token", refresh_token: "x" } }, 400],
    ["GET", "/auth/me", { token }, 200],
    ["GET", "/auth/me", {}, 401],
    ["HEAD", "/auth/me", { token }, 200],
    ["GET", "/auth/authorized?role=admin", { token }, 403],
    ["GET", "/auth/users", { token }, 403],
    ["DELETE", "/auth/sessions", { token }, 204],
    ["GET", "/auth/nothing", {}, 404],
    ["GET", "/auth/login", {}, 405],
  ];
  for (const [method, path, options, status] of asks) {
    const ask = (origin) =>
      client.call(method, path, {
        ...options,
        headers: { ...options.headers, ...(origin !== undefined && { origin }) },
      });
    for (const origin of [APP, DEV_SERVER]) {
      const answer = await ask(origin);
      assert.equal(answer.status, status);
      assert.deepEqual(corsHeaders(answer.headers), READABLE(origin), `${method} ${path}`);
      assert.equal(answer.headers.get("vary"), "Origin");
    }
    for (const origin of [undefined, "https://evil.example", "null"]) {
      const answer = await ask(origin);
      assert.deepEqual(
        [answer.status, corsHeaders(answer.headers), answer.headers.get("vary")],
        [status, path === "/auth/token" ? FOR_APPS : {}, "Origin"],
        `${method} ${path}`,
      );
    }
  }
  for (const origin of OTHERS) {
    const answer = await client.get("/auth/me", { token, headers: { origin } });
    assert.deepEqual(corsHeaders(answer.headers), {}, origin);
  }
});

test("too many tries and a store that fails can be read, too", async (t) => {
  const limited = await startWorker({ vars: { LIMITS: "on", ALLOWED_ORIGINS: APP } });
  t.after(() => limited.stop());
  const headers = { origin: APP };
  const guess = () =>
    clientOf(limited).post("/auth/login", {
      json: { email: ADA, password: "nothing she chose" },
      headers,
    });
  const last = (await untilLimited(10, guess)).at(-1);
  assert.deepEqual([last.status, corsHeaders(last.headers)], [429, READABLE(APP)]);
  await limited.db.prepare("ALTER TABLE users RENAME TO gone").run();
  const { refresh_token } = await client.logIn(ADA);
  const failed = await clientOf(limited).renew(refresh_token, { headers });
  assert.deepEqual([failed.status, corsHeaders(failed.headers)], [503, READABLE(APP)]);
});

test("a wrong configuration can be read by allowed pages, unless ALLOWED_ORIGINS itself is wrong", async (t) => {
  const asked = async (options, url = "/auth/login") => {
    const wrong = await startWorker(options);
    t.after(() => wrong.stop());
    const init = { method: "POST", headers: { origin: APP } };
    const answer = await wrong.fetch(url, init);
    assert.deepEqual(
      [answer.status, /** @type {{ code: string }} */ (await answer.json()).code],
      [500, "misconfigured"],
    );
    const first = await wrong.fetch(url, {
      method: "OPTIONS",
      headers: { ...init.headers, "access-control-request-method": "POST" },
    });
    assert.equal(first.status, 204);
    assert.equal(
      first.headers.get("access-control-allow-origin"),
      answer.headers.get("access-control-allow-origin"),
    );
    const others = await wrong.fetch(url, {
      method: "POST",
      headers: { origin: "https://evil.example" },
    });
    assert.deepEqual(corsHeaders(others.headers), {});
    return corsHeaders(answer.headers);
  };
  assert.deepEqual(
    await asked({ secrets: { SIGNING_KEYS: undefined }, vars: { ALLOWED_ORIGINS: APP } }),
    READABLE(APP),
  );
  assert.deepEqual(
    await asked({ vars: { ALLOWED_ORIGINS: APP } }, "http://edge.example/auth/login"),
    READABLE(APP),
  );
  for (const list of [`${APP} *`, `${APP}/`, `${APP},null`]) {
    assert.deepEqual(await asked({ vars: { ALLOWED_ORIGINS: list } }), {}, list);
  }
});

test("a mistake in ALLOWED_ORIGINS is logged with the setting and the entry", async (t) => {
  const wrong = await startWorker({ vars: { ALLOWED_ORIGINS: `${APP}, https://b.example/` } });
  t.after(() => wrong.stop());
  const { status, body } = await clientOf(wrong).get("/healthz");
  assert.deepEqual([status, body.code], [500, "misconfigured"]);
  const log = JSON.stringify(wrong.logs());
  assert.ok(log.includes("ALLOWED_ORIGINS contains") && log.includes("https://b.example/"), log);
});

test("without ALLOWED_ORIGINS only our own pages read answers", async (t) => {
  const alone = await startWorker();
  t.after(() => alone.stop());
  for (const origin of [APP, "null", "https://evil.example"]) {
    const answer = await clientOf(alone).get("/auth/me", { headers: { origin } });
    assert.deepEqual(
      [answer.status, corsHeaders(answer.headers), answer.headers.get("vary")],
      [401, {}, "Origin"],
    );
  }
});

test("keys, metadata and the contract are for every page, errors too, and never with credentials", async () => {
  for (const [path, status] of /** @type {[path: string, status: number][]} */ ([
    ["/.well-known/jwks.json", 200],
    ["/.well-known/oauth-authorization-server", 200],
    ["/.well-known/nothing", 404],
    ["/openapi.yaml", 200],
  ])) {
    for (const origin of [APP, "https://evil.example", undefined]) {
      const answer = await edge.fetch(path, { headers: origin ? { origin } : {} });
      assert.equal(answer.status, status, path);
      assert.deepEqual(corsHeaders(answer.headers), { "access-control-allow-origin": "*" }, path);
    }
  }
  const wrong = await startWorker({ secrets: { SIGNING_KEYS: undefined } });
  try {
    const answer = await wrong.fetch("/.well-known/jwks.json");
    assert.deepEqual(
      [answer.status, answer.headers.get("access-control-allow-origin")],
      [500, "*"],
    );
  } finally {
    await wrong.stop();
  }
  for (const path of ["/", "/healthz", "/dev/outbox"]) {
    const answer = await edge.fetch(path, { headers: { origin: APP } });
    assert.deepEqual(corsHeaders(answer.headers), {}, path);
  }
});
