// Tests the package in workerd, in a Worker that wrangler has bundled as it does for a deployment.
// The test moves the Worker's clock.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { startKeyServer } from "./key-server.mjs";
import { makeProject } from "./package.mjs";
import { newKey, nowSeconds, OPTIONS, setOf, USER } from "./tokens.mjs";
import { UNREACHABLE } from "./traps.mjs";

process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
process.env.WRANGLER_SEND_METRICS ??= "false";
process.env.WRANGLER_WRITE_LOGS ??= "false";

const WORKER = `
  import { AuthClient, EdgegateError, Verifier, load, peek } from "edgegate";
  import { AuthClient as alone } from "edgegate/client";
  import wasm from "edgegate/wasm/edgegate_bg.wasm";
  import { trapEverywhere, watchWasm } from "./traps.mjs";
  import unreachable from "./unreachable.wasm";

  // Watches everything that this Worker does. This must be here, because the package loads its wasm
  // only when it is needed.
  const watched = watchWasm(unreachable);
  const real = Date.now;
  let ahead = 0;
  Date.now = () => real() + ahead;
  let verifier;

  // These are made at the top of the module, where a Worker may neither fetch nor make random
  // numbers.
  let keysOfRequest;
  const auth = new AuthClient();
  const named = new AuthClient({ url: "https://auth.example.com" });
  const early = Verifier.fromIssuer("https://auth.example.com", {
    audience: "https://api.example.com",
    fetch: (...args) => keysOfRequest.fetch(...args),
  });

  const actions = {
    async madeAtTheTop({ token }, env) {
      keysOfRequest = env.KEYS;
      return {
        states: [auth.status, named.getSnapshot().status, auth.getServerSnapshot().status],
        error: await auth.ready().catch(({ code, message }) => [code, message]),
        sub: (await early.requireRole(token, ["user"])).sub,
        wrong: await early.requireRole(token, ["admin"]).catch(({ code }) => code),
      };
    },
    async check({ token, forged, jwks, options, user }) {
      await load(wasm);
      const verifier = await Verifier.fromJwks(jwks, options);
      return {
        same: alone === AuthClient,
        sub: (await verifier.verify(token)).sub,
        peeked: (await peek(token)).sub,
        forged: await verifier.verify(forged).catch((error) => [error instanceof EdgegateError, error.code, error.reason]),
        number: await verifier.verify(5).catch((error) => error.code),
        role: [await verifier.isAuthorizedByRole(token, ["user"]), await verifier.isAuthorizedByRole(token, ["admin"])],
        byId: await verifier.isAuthorizedByUserId(token, user),
        byEmail: await verifier.isAuthorizedByEmail(token, "ADA@example.com"),
      };
    },
    async open({ url, options, binding }, env) {
      const fetch = binding && ((url, init) => env[binding].fetch(url, init));
      verifier = await Verifier.fromJwksUrl(url, { ...options, ...(fetch && { fetch }) });
      await verifier.ready();
    },
    refused: ({ url, options }, env) =>
      Verifier.fromJwksUrl(url, { ...options, fetch: (...args) => env.KEYS.fetch(...args) }).ready().then(() => null, (error) => [error.code, error.message]),
    ahead({ milliseconds }) { ahead = milliseconds; },
    trap: (given) => trapEverywhere({ EdgegateError, Verifier, peek }, watched, given),
    isUser: ({ token, user }) => verifier.isAuthorizedByUserId(token, user),
  };

  export default {
    async fetch(request, env) {
      const { action, ...given } = await request.json();
      return Response.json((await actions[action](given, env)) ?? null);
    },
  };
`;

const KEYS = `
  export default {
    fetch: (request, env) => (request.url.endsWith("/moved") ? Response.redirect("https://auth.example.com/jwks", 302) : new Response(env.JWKS)),
  };
`;

const key = newKey("1", "ES256");
const other = newKey("2");
let server;

before(async () => {
  const project = await makeProject({ after });
  project.write("worker.js", WORKER);
  project.write("keys.js", KEYS);
  project.write("traps.mjs", readFileSync(new URL("traps.mjs", import.meta.url), "utf8"));
  writeFileSync(project.path("unreachable.wasm"), UNREACHABLE);
  const { createTestHarness } = await import("wrangler");
  const compatibility_date = "2026-10-23";
  server = createTestHarness({
    root: project.folder,
    workers: [
      {
        config: {
          name: "api",
          main: project.path("worker.js"),
          compatibility_date,
          services: [{ binding: "KEYS", service: "keys" }],
        },
      },
      {
        config: { name: "keys", main: project.path("keys.js"), compatibility_date },
        vars: { JWKS: JSON.stringify(setOf(key)) },
      },
    ],
  });
  await server.listen();
});
after(() => server?.close());

const ask = async (action, given = {}) => {
  const answer = await server
    .getWorker("api")
    .fetch("http://api/", { method: "POST", body: JSON.stringify({ action, ...given }) });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return JSON.parse(text);
};
const until = async (condition) => {
  for (let i = 0; i < 2000 && !condition(); i++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(condition(), "waited in vain");
};
const isUser = (signer) =>
  ask("isUser", { token: signer.token({ exp: nowSeconds() + 3600 }), user: USER });

test("a client and a verifier that are made at the top of the module", async () => {
  const { states, error, sub, wrong } = await ask("madeAtTheTop", { token: key.token() });
  assert.deepEqual(states, ["unknown", "unknown", "unknown"]);
  assert.equal(error[0], "invalid_argument");
  assert.match(error[1], /no page/);
  assert.deepEqual([sub, wrong], [USER, "forbidden"]);
});

test("every subpath, and every function", async () => {
  for (const signer of [key, other]) {
    const forged = newKey(signer.kid, signer.jwk.alg).token();
    assert.deepEqual(
      await ask("check", {
        token: signer.token(),
        forged,
        jwks: setOf(key, other),
        options: OPTIONS,
        user: USER,
      }),
      {
        same: true,
        sub: USER,
        peeked: USER,
        forged: [true, "invalid_token", "signature_invalid"],
        number: "invalid_argument",
        role: [true, false],
        byId: true,
        byEmail: true,
      },
    );
  }
});

test("after a trap, at any crossing into the wasm or out of it, every next call works", async () => {
  const found = await ask("trap", {
    jwks: setOf(key),
    token: key.token(),
    options: OPTIONS,
    user: USER,
  });
  assert.deepEqual([found.onDead, found.foreign, found.wrong], [0, 0, []]);
  for (const [name, times] of Object.entries(found.traps))
    assert.ok(times > 3, `${name}: ${times}`);
  assert.equal(found.instances, 1 + Object.values(found.traps).reduce((sum, times) => sum + times));
});

test("keys over a service binding, and a redirect that is not followed", async () => {
  await ask("open", {
    url: "https://auth.example.com/.well-known/jwks.json",
    options: OPTIONS,
    binding: "KEYS",
  });
  assert.equal(await isUser(key), true);
  assert.equal(await isUser(other), false);
  const [code, message] = await ask("refused", {
    url: "https://auth.example.com/moved",
    options: OPTIONS,
  });
  assert.equal(code, "key_set_unavailable");
  assert.match(message, /redirect/);
});

test("keys over the network", async (t) => {
  const keys = await startKeyServer(t, setOf(key));
  await ask("open", { url: keys.url, options: OPTIONS });
  assert.equal(await isUser(key), true);
  assert.deepEqual(
    keys.asked.map(({ url }) => url),
    ["/.well-known/jwks.json"],
  );
});

test("keys are fetched again in the background, also when the request that began it is long over", async (t) => {
  const keys = await startKeyServer(t, setOf(key, other));
  await ask("open", { url: keys.url, options: OPTIONS });
  await ask("ahead", { milliseconds: 11 * 60_000 });
  t.after(() => ask("ahead", { milliseconds: 0 }));
  let send;
  keys.answer = (_, response) => (send = () => response.end(JSON.stringify(setOf(other))));
  assert.equal(await isUser(key), true, "nobody waits for it");
  await until(() => send);
  assert.equal(await isUser(key), true);
  send();
  let still = true;
  for (let i = 0; i < 500 && still; i++) still = await isUser(key);
  assert.equal(still, false, "the key is gone from the set");
  assert.equal(await isUser(other), true);
  assert.equal(keys.asked.length, 2);
});

test("an unknown kid: requests beside each other share one fetch, and each gets its answer", async (t) => {
  const keys = await startKeyServer(t, setOf(key));
  await ask("open", { url: keys.url, options: OPTIONS });
  await ask("ahead", { milliseconds: 31_000 });
  t.after(() => ask("ahead", { milliseconds: 0 }));
  keys.answer = (_, response) =>
    setTimeout(() => response.end(JSON.stringify(setOf(key, other))), 100);
  assert.deepEqual(await Promise.all([isUser(other), isUser(other), isUser(key), isUser(other)]), [
    true,
    true,
    true,
    true,
  ]);
  assert.equal(keys.asked.length, 2);
});

test("a request that goes away while it fetches leaves nobody waiting", async (t) => {
  const keys = await startKeyServer(t, setOf(key));
  await ask("open", { url: keys.url, options: OPTIONS });
  await ask("ahead", { milliseconds: 31_000 });
  t.after(() => ask("ahead", { milliseconds: 0 }));
  let waiting = 0;
  keys.answer = (_, response) =>
    waiting++ === 0 ? undefined : response.end(JSON.stringify(setOf(key, other)));
  const abort = new AbortController();
  const gone = server
    .getWorker("api")
    .fetch("http://api/", {
      method: "POST",
      body: JSON.stringify({ action: "isUser", token: other.token(), user: USER }),
      signal: abort.signal,
    })
    .catch(() => "gone");
  await until(() => waiting > 0);
  const begun = performance.now();
  const second = isUser(other);
  abort.abort();
  assert.equal(await gone, "gone");
  assert.equal(
    await Promise.race([
      second,
      new Promise((resolve) => setTimeout(resolve, 20_000, "hangs")),
    ]).then((answer) => typeof answer),
    "boolean",
  );
  assert.ok(performance.now() - begun < 20_000);
  assert.equal(await isUser(key), true);
});
