// A page on another origin gets no answer from the service. There are two possible causes: the
// service is down, or its setting ALLOWED_ORIGINS does not list the page's origin. `fetch` throws
// the same TypeError in both cases. Therefore the client sends more requests to find the cause.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, PASSWORD } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const PAGE = "https://shop.example.com";
const credentials = { email: ADA.email, password: PASSWORD };

/**
 * Opens a tab with a page of another origin. `site` controls the service: `isListed` says whether
 * the service lets the page read its answers, and `isUp` says whether the service answers at all.
 * If `hangs` is true, the requests by which the client looks for the cause get no answer and no
 * error. `asked` lists the requests.
 */
function pageOf(world, given = {}) {
  const asked = /** @type {(RequestInit & { pathname: string })[]} */ ([]);
  const site = { isListed: false, isUp: true, hangs: false, asked, ...given };
  const tab = world.tab({
    platform: { origin: PAGE },
    fetch: async (input, init = {}) => {
      const { pathname } = new URL(input.url ?? input);
      const { mode = "cors", credentials, headers } = init;
      site.asked.push({ pathname, mode, credentials, headers });
      if (site.hangs && (mode === "no-cors" || pathname === "/auth/me"))
        return new Promise(() => {});
      const response = site.isUp ? await tab.platform.fetch(input, init) : null;
      if (!response || (mode === "cors" && !site.isListed)) throw new TypeError("Failed to fetch");
      return response;
    },
  });
  return { ...tab, site };
}

test("the message names the page's origin and ALLOWED_ORIGINS", async () => {
  const world = new World();
  const { client, site } = pageOf(world);
  for (const call of [() => client.login(credentials), () => client.ready()]) {
    const error = await world.fails(call());
    assert.deepEqual([error.code, error.reason], ["network_error", "origin_not_allowed"]);
    assert.match(error.message, /https:\/\/app\.example\.com is up/);
    assert.match(error.message, /add https:\/\/shop\.example\.com to .*ALLOWED_ORIGINS/);
    assert.ok(error.cause instanceof TypeError);
  }
  assert.equal(client.status, "unknown");
  // The client sends some requests only to find the cause. These requests must carry no token and
  // no cookie.
  const probes = site.asked.filter(({ pathname }) => !/login|token/.test(pathname));
  assert.deepEqual(
    [
      ...new Set(
        probes.map(({ pathname, mode, credentials, headers }) =>
          [mode, pathname, credentials, headers].join(),
        ),
      ),
    ],
    ["cors,/auth/me,omit,", "no-cors,/.well-known/jwks.json,omit,"],
  );
  world.close();
});

test("a service that is down is not mistaken for one that does not list the page", async () => {
  const world = new World();
  const { client } = pageOf(world, { isUp: false });
  const error = await world.fails(client.login(credentials));
  assert.deepEqual([error.code, error.reason], ["network_error", undefined]);
  assert.match(error.message, /^No answer from /);
  world.close();
});

test("a request that was lost on the way to a service that lists the page", async () => {
  const world = new World();
  const { client } = pageOf(world, { isListed: true });
  world.service.fault = ({ path }) => (path === "/auth/login" ? "offline" : undefined);
  const error = await world.fails(client.login(credentials));
  assert.deepEqual([error.code, error.reason], ["network_error", undefined]);
  world.close();
});

test("once the service has answered, the client looks no further", async () => {
  const world = new World();
  const { client, site } = pageOf(world, { isListed: true });
  await world.run(client.login(credentials));
  site.isListed = false;
  const before = site.asked.length;
  for (const call of [() => client.me(), () => client.logout(), () => client.fetch(`${ORIGIN}/x`)])
    assert.equal((await world.fails(call())).reason, undefined);
  const probes = site.asked.slice(before).filter(({ mode }) => mode === "no-cors");
  assert.deepEqual(probes, []);
  // The page has received an answer from the service, though the answer was an error. So its origin
  // must be listed. Therefore the client gives no reason when the next request fails.
  const other = pageOf(world, { isListed: true });
  await world.fails(other.client.login({ ...credentials, password: "wrong" }));
  other.site.isListed = false;
  assert.equal((await world.fails(other.client.login(credentials))).reason, undefined);
  world.close();
});

test("a service that hangs holds nobody up for longer than a few seconds", async () => {
  const world = new World();
  const { client } = pageOf(world, { hangs: true });
  const begun = world.time;
  const error = await world.fails(client.login(credentials));
  assert.deepEqual([error.code, error.reason], ["network_error", undefined]);
  assert.ok(world.time - begun <= 5_000, `${world.time - begun} ms`);
  world.close();
});

test("on the service's own origin there is nothing to look for", async () => {
  const world = new World();
  const tab = world.tab({ platform: { origin: ORIGIN } });
  world.service.fault = () => "offline";
  const error = await world.fails(tab.client.login(credentials));
  assert.deepEqual([error.code, error.reason], ["network_error", undefined]);
  assert.equal(world.service.log.length, 1);
  world.close();
});

test("an API on another origin that does not answer: CORS may be why", async () => {
  const world = new World();
  const api = "https://api.example.com";
  const { client } = await signedIn(world, { origins: [api], platform: { origin: PAGE } });
  world.service.fault = ({ origin }) => (origin === api ? "offline" : undefined);
  const error = await world.fails(client.fetch(`${api}/orders`));
  assert.equal(error.code, "network_error");
  assert.match(
    error.message,
    /^No answer from https:\/\/api\.example\.com\. .*https:\/\/shop\.example\.com .*Authorization/,
  );
  world.close();
});
