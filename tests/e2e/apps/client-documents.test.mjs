// Tests apps that nobody registered. The client_id of such an app is the URL of a document that
// describes the app. The Worker runs in workerd and fetches the document from an internet that the
// test simulates.
//
// The host name in the URL could lead to a private server. On Cloudflare, the flag
// `global_fetch_strictly_public` prevents the Worker from fetching from private addresses. In
// workerd the flag has no effect, but the Worker still requires that the flag is set.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { ADA, clientOf } from "../client.mjs";
import { startWorkers } from "../workers.mjs";
import { API } from "./apps.mjs";
import { answerTo, asking, CALLBACK, locationOf, sealedFor, tabOf } from "./tab.mjs";

const FLAG = "global_fetch_strictly_public";
const SCOPE = "notes.read";
const VARS = {
  CLIENT_ID_METADATA: "on",
  RESOURCES: JSON.stringify([{ uri: API, name: "Notes", scopes: [SCOPE] }]),
};
const HOST = "https://app.example.com";
const MINUTE = 60;
// RFC 7636 appendix B.
const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/** Returns the document of an app. `changes` replaces members of the document. */
const documentOf = (id, changes = {}) => ({
  client_id: id,
  client_name: "A tool",
  redirect_uris: [CALLBACK],
  token_endpoint_auth_method: "none",
  ...changes,
});
const isBody = (body) => typeof body === "string" || body instanceof ReadableStream;
const json = (body, headers = {}) =>
  new Response(isBody(body) ? body : JSON.stringify(body), {
    headers: { "content-type": "application/json", ...headers },
  });
/** Returns a document that is exactly this number of bytes long. */
const sized = (id, bytes) => {
  const text = JSON.stringify(documentOf(id, { policy: "" }));
  return text.replace('"policy":""', `"policy":"${"x".repeat(bytes - text.length)}"`);
};

describe("an app that nobody registered", () => {
  /** The answer at each URL. @type {Map<string, (request: import("miniflare").Request) => any>} */
  const internet = new Map();
  const asked = [];
  let edge, eventsOf, stop, tab, ada;
  before(async () => {
    ({
      workers: [edge],
      eventsOf,
      stop,
    } = await startWorkers([
      {
        vars: VARS,
        flags: [FLAG],
        internet: (request) => {
          asked.push(request);
          return internet.get(request.url)?.(request) ?? new Response("", { status: 404 });
        },
      },
    ]));
    tab = tabOf(edge);
    ada = await tab.logIn(ADA);
  });
  after(() => stop?.());
  beforeEach(() => {
    asked.length = 0;
    internet.clear();
  });

  // Each test has its own URLs, because the Worker caches documents.
  let number = 0;
  const newId = () => `${HOST}/${++number}/client.json`;
  // Asks for the API too, because an app that nobody registered must name an API.
  const askingFor = (id) => asking(id, { resource: API, scope: SCOPE });
  const arrive = (id) => tab.navigate(askingFor(id));
  const urls = () => asked.map(({ url }) => url);
  const isUnknown = (answer, what) => {
    assert.equal(answer.status, 400, what);
    assert.equal(answer.headers.get("location"), null, what);
    assert.match(answer.body, /<h1>Signing in does not work<\/h1>/);
  };
  const refusal = async (id, what) => {
    const answer = await arrive(id);
    isUnknown(answer, what);
    const events = (await eventsOf(answer)).filter(({ event }) => event.startsWith("client_doc"));
    assert.equal(events.length, 1, what);
    assert.equal(events[0].detail, id);
    return events[0].reason;
  };

  test("its document is fetched, the person consents, and its code is exchanged", async () => {
    const id = newId();
    internet.set(id, () => json(documentOf(id)));
    const sealed = sealedFor(locationOf(await arrive(id)), "/consent");
    assert.deepEqual(urls(), [id]);
    const [{ method, headers }] = asked;
    assert.equal(method, "GET");
    assert.equal(headers.get("accept"), "application/json");
    assert.equal(headers.get("user-agent"), "edgegate");
    for (const name of ["cookie", "authorization", "referer", "origin"])
      assert.equal(headers.get(name), null, name);

    const { body } = await tab.post("/auth/authorize/request", { request: sealed });
    assert.equal(body.next, "consent");
    assert.equal(body.client.client_id, id);
    assert.equal(body.client.name, "A tool");
    assert.equal(body.client.first_party, false);
    const decided = await tab.decide(sealed, ada);
    const { code } = answerTo(decided.body.redirect, edge.origin);
    const form = { grant_type: "authorization_code", client_id: id, redirect_uri: CALLBACK };
    const exchange = (more) =>
      tab.client.post("/auth/token", { form: { ...form, code, code_verifier: VERIFIER, ...more } });
    assert.equal((await exchange({ code_verifier: `${VERIFIER}x` })).body.error, "invalid_grant");
    const { status, body: tokens } = await exchange();
    assert.equal(status, 200, JSON.stringify(tokens));
    const claims = JSON.parse(
      Buffer.from(tokens.access_token.split(".")[1], "base64url").toString(),
    );
    assert.deepEqual([claims.aud, claims.client_id, claims.scope], [API, id, SCOPE]);
    // At the second visit the consent page is shown again. The document is not fetched again,
    // because the Worker has cached it.
    sealedFor(locationOf(await arrive(id)), "/consent");
    assert.deepEqual(urls(), [id]);
  });

  test("it is asked for while nobody is signed in, too", async () => {
    const id = newId();
    internet.set(id, () => json(documentOf(id)));
    sealedFor(locationOf(await tabOf(edge).navigate(askingFor(id))), "/sign-in");
    assert.deepEqual(urls(), [id]);
  });

  test("it is kept for 5 minutes, or as long as Cache-Control says, and a day at most", async (t) => {
    t.after(() => edge.control({ clock: 0 }));
    const stranger = tabOf(edge);
    for (const [cacheControl, seconds] of /** @type {[string | undefined, number][]} */ ([
      [undefined, 5 * MINUTE],
      ["no-store", 5 * MINUTE],
      ["max-age=1", 5 * MINUTE],
      ["public, max-age=3600", 60 * MINUTE],
      ["max-age=31536000", 24 * 60 * MINUTE],
    ])) {
      const id = newId();
      asked.length = 0;
      internet.set(id, () =>
        json(documentOf(id), cacheControl && { "cache-control": cacheControl }),
      );
      const at = async (clock, fetches) => {
        await edge.control({ clock });
        assert.equal((await stranger.navigate(askingFor(id))).status, 303);
        assert.equal(asked.length, fetches, `${cacheControl} after ${clock} s`);
      };
      await at(0, 1);
      await at(seconds - MINUTE, 1);
      await at(seconds, 2);
    }
  });

  test("a document of 5 KB is read, and no larger one", async () => {
    const [most, more, much] = [newId(), newId(), newId()];
    internet.set(most, () => json(sized(most, 5 * 1024)));
    internet.set(more, () => json(sized(more, 5 * 1024 + 1)));
    internet.set(much, () => json(sized(much, 1024 * 1024)));
    sealedFor(locationOf(await arrive(most)), "/consent");
    assert.equal(await refusal(more), "document_not_fetched");
    assert.equal(await refusal(much), "document_not_fetched");
  });

  test("no redirect is followed", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const [id, to] = [newId(), `${HOST}/secret.json`];
      internet.set(id, () => new Response(null, { status, headers: { location: to } }));
      internet.set(to, () => json(documentOf(id)));
      asked.length = 0;
      assert.equal(await refusal(id, `${status}`), "document_not_json");
      assert.deepEqual(urls(), [id]);
    }
  });

  test("another answer than JSON with 200 is refused, and asked for again", async () => {
    for (const [what, answer, reason] of /** @type {[string, (id: string) => any, string][]} */ ([
      ["HTML", (id) => json(documentOf(id), { "content-type": "text/html" }), "document_not_json"],
      ["text", (id) => json(documentOf(id), { "content-type": "text/plain" }), "document_not_json"],
      ["404", () => new Response("{}", { status: 404 }), "document_not_json"],
      ["500", () => new Response("{}", { status: 500 }), "document_not_json"],
      ["not JSON", () => json("<html>"), "document_not_json"],
      ["nothing", () => json(""), "document_not_json"],
      ["another id", () => json(documentOf(`${HOST}/other.json`)), "document_client_id"],
      ["another spelling", (id) => json(documentOf(id.toUpperCase())), "document_client_id"],
      ["a secret", (id) => json(documentOf(id, { client_secret: "x" })), "document_auth_method"],
    ])) {
      const id = newId();
      internet.set(id, () => answer(id));
      assert.equal(await refusal(id, what), reason, what);
      asked.length = 0;
      internet.set(id, () => json(documentOf(id)));
      sealedFor(locationOf(await arrive(id)), "/consent");
      assert.deepEqual(urls(), [id], what);
    }
  });

  test("a server that never ends is left after 5 s", { timeout: 60_000 }, async (t) => {
    const encoder = new TextEncoder();
    const timers = [];
    t.after(() => timers.forEach(clearInterval));
    const endless = (id) =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(encoder.encode(JSON.stringify(documentOf(id)).slice(0, -1)));
          // This answer sends one space every half second and never ends. It also stays far below
          // the size limit during the test.
          timers.push(setInterval(() => controller.enqueue(encoder.encode(" ")), 500));
        },
      });
    const [silent, dripping] = [newId(), newId()];
    internet.set(silent, () => sleep(30_000, json(documentOf(silent)), { ref: false }));
    internet.set(dripping, () => json(endless(dripping)));
    const begun = performance.now();
    const reasons = await Promise.all([silent, dripping].map((id) => refusal(id)));
    assert.deepEqual(reasons, ["document_not_fetched", "document_not_fetched"]);
    // The first server would answer after 30 s, and the second never ends its answer. The Worker
    // gave up on both after 5 s.
    const waited = performance.now() - begun;
    assert.ok(waited >= 4_900, `${waited} ms`);
  });

  test("nothing is asked of a private address, another port or the service itself", async () => {
    for (const id of [
      "https://127.0.0.1/client.json",
      "https://10.0.0.1/client.json",
      "https://169.254.169.254/latest/meta-data/",
      "https://100.64.0.1/client.json",
      "https://0.0.0.0/client.json",
      "https://127.1/client.json",
      "https://2130706433/client.json",
      "https://0x7f000001/client.json",
      "https://0177.0.0.1/client.json",
      "https://[::1]/client.json",
      "https://[fd00::1]/client.json",
      "https://[::ffff:10.0.0.1]/client.json",
      "https://localhost/client.json",
      "https://app.localhost/client.json",
      "https://printer.local/client.json",
      "https://metadata.google.internal/client.json",
      "https://router.home.arpa/client.json",
      "https://intranet/client.json",
      "https://app.example.com./client.json",
      "https://app.example.com:8443/client.json",
      "https://app.example.com:443/client.json",
      "https://user@app.example.com/client.json",
      "https://user:password@app.example.com/client.json",
      "https://app.example.com/client.json#a",
      "https://app.example.com/client.json?a=b",
      "https://app.example.com/a/../client.json",
      "https://app.example.com/",
      "https://app.example.com",
      "https://APP.example.com/client.json",
      "https://127.0.0.1:8787/.well-known/openid-configuration",
      "http://app.example.com/client.json",
      "HTTPS://app.example.com/client.json",
      "file:///etc/passwd",
      "data:application/json,{}",
      " https://app.example.com/client.json",
    ]) {
      internet.set(id, () => json(documentOf(id)));
      isUnknown(await arrive(id), id);
      assert.deepEqual(urls(), [], id);
    }
  });
});

/**
 * Starts a Worker for one test. Its simulated internet has an app's document at every URL. `asked`
 * lists the URLs that the Worker has fetched.
 */
async function startAlone(t, options) {
  const asked = [];
  const internet = ({ url }) => {
    asked.push(url);
    return json(documentOf(url));
  };
  const { workers, logged, stop } = await startWorkers([{ ...options, internet }]);
  t.after(stop);
  return { edge: workers[0], asked, logged };
}

test("unless the setting is on, nothing is fetched", async (t) => {
  const { edge, asked } = await startAlone(t, { flags: [FLAG] });
  const answer = await tabOf(edge).navigate(asking(`${HOST}/client.json`));
  assert.deepEqual([answer.status, asked], [400, []]);
});

test("with the setting and without the platform's flag, the service is misconfigured", async (t) => {
  const { edge, asked, logged } = await startAlone(t, { vars: VARS });
  for (const path of ["/healthz", "/auth/me", asking(`${HOST}/client.json`)]) {
    const { status, body } = await clientOf(edge).get(path);
    assert.deepEqual([status, body.code], [500, "misconfigured"], path);
    assert.ok(!JSON.stringify(body).includes("CLIENT_ID_METADATA"), "a client is not told which");
  }
  const line = await logged((one) => JSON.stringify(one).includes("CLIENT_ID_METADATA"));
  assert.match(JSON.stringify(line), new RegExp(FLAG));
  assert.deepEqual(asked, []);
});
