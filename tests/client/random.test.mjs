// Several tabs do random things at random times, over a connection that fails at random. In the end
// every tab must show the user whose session is in the cookie. If the page made a request while one
// user was signed in, the request must never be sent with the token of another user. Two tabs that
// renew at the same time must not end the session.
//
//   SEED=123 RUNS=1000 node --test tests/client/random.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";
import { wide } from "../wide.mjs";
import { ADA, BOB, PASSWORD, page, problem } from "./service.mjs";
import { ORIGIN, World } from "./world.mjs";

const MINUTE = 60_000;
const RUNS = Number(process.env.RUNS ?? wide(25, 1000));
// With these seeds the test has failed before. It tries them in each run that sets no SEED.
const KEPT = [300001602];
const STEPS = 40;

/** Returns a random number generator with a seed (mulberry32). So a run can be repeated exactly. */
function generator(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (n) => Math.floor(next() * n),
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}

class Run {
  /**
   * @param {number} seed
   * @param {{ without?: string[], sleeps?: boolean }} options
   */
  constructor(seed, { without = [], sleeps = true }) {
    this.sleeps = sleeps;
    this.random = generator(seed);
    this.world = new World();
    const { next, below } = this.random;
    // If the device never sleeps in this run, the requests are fast. With slow requests, a tab
    // could wait so long for the lock that it gives up.
    this.world.latency = () => below(sleeps ? 1500 : 300);
    this.world.messageDelay = below(100);
    this.world.service.fault = () => this.#fault();
    this.trouble = 0;
    this.tabs = Array.from({ length: 2 + below(3) }, () =>
      this.world.tab({ without, random: next }),
    );
    this.open = new Set();
    this.done = [];
  }

  // `trouble` is the probability of a fault. After a fault the service does not process the
  // request: the request is lost, a captive portal or a proxy answers, or the service answers with
  // an error. The test does not simulate the loss of an answer on its way back.
  #fault() {
    if (this.random.next() >= this.trouble) return undefined;
    return this.random.pick([
      "offline",
      "offline",
      page(),
      page(502),
      problem(503, "unavailable", { "Retry-After": "2" }),
      problem(429, "rate_limited", { "Retry-After": "30" }),
    ]);
  }

  async step() {
    const { random, world } = this;
    const tab = random.pick(this.tabs);
    const { client } = tab;
    const action = random.below(20);
    this.done.push(`${this.tabs.indexOf(tab)}:${action}`);
    if (action < 2)
      this.#begin(client.login({ email: random.pick([ADA, BOB]).email, password: PASSWORD }));
    else if (action < 3) this.#begin(client.login({ email: ADA.email, password: "wrong" }));
    else if (action < 4) this.#begin(client.logout());
    else if (action < 6) this.#begin(client.ready());
    else if (action < 11)
      this.#begin(
        client.fetch(`${ORIGIN}/api/${client.user?.id ?? "nobody"}`, { method: "POST", body: "x" }),
      );
    else if (action < 12)
      this.#begin(client.changePassword({ current_password: PASSWORD, new_password: PASSWORD }));
    else if (action > 18)
      this.#begin(client.reauthenticate(random.pick([PASSWORD, PASSWORD, "wrong"])));
    else if (action < 13) this.trouble = random.pick([0, 0, 0.3, 1]);
    else if (action < 14)
      tab.window.dispatchEvent(new Event(random.pick(["online", "focus", "pageshow"])));
    else if (action < 15)
      tab.document.visibilityState === "hidden" ? world.show(tab) : world.hide(tab);
    else if (action < 16 && this.sleeps)
      await world.sleep(random.below(40) * MINUTE, { stops: random.next() < 0.5 });
    else if (action < 17) world.skew += (random.next() - 0.5) * 60 * MINUTE;
    else await world.advance(random.pick([1, 50, 400, 2000, 10 * MINUTE]));
  }

  // Records a call that has begun. Its promise must resolve, or reject with an EdgegateError.
  #begin(promise) {
    const call = promise.then(
      () => {},
      ({ name, code, stack }) => assert.equal(name, "EdgegateError", `${code} ${stack}`),
    );
    this.open.add(call);
    call.then(
      () => this.open.delete(call),
      (error) => (this.failed = error),
    );
  }

  async quiet() {
    this.trouble = 0;
    for (const tab of this.tabs) this.world.show(tab);
    await this.world.advance(30 * MINUTE);
    if (this.failed) throw this.failed;
    assert.equal(this.open.size, 0, "every call has an end");
  }

  /**
   * Returns the id of the user whose session is in the cookie. Returns `undefined` if there is no
   * cookie, or if the session has ended.
   */
  get cookieUser() {
    const session = this.world.service.sessions.get(this.world.cookie?.split(".")[0]);
    return session && !session.over ? session.user : undefined;
  }

  async check() {
    const { service } = this.world;
    for (const { path, headers, status } of service.log) {
      const asked = path.match(/^\/api\/(.+)$/)?.[1];
      if (!asked || asked === "nobody" || status === undefined) continue;
      const claims = JSON.parse(
        Buffer.from(headers.get("Authorization").split(".")[1], "base64url").toString(),
      );
      assert.equal(claims.sub, asked, "a call goes for the user that it was made for");
    }
    for (const { client } of this.tabs) {
      const { status } = client;
      if (status === "unknown" && !this.world.service.log.length) continue;
      if (status === "signed_in") {
        // While the device slept, it is possible that the monotonic clock stood still and that the
        // wall clock was set back. In this case the client treats an expired token as valid until
        // the service rejects it. Make a call here, so that the service can reject such a token
        // before the check below.
        if (this.sleeps) await this.world.run(client.fetch(`${ORIGIN}/api/${client.user.id}`));
        assert.equal(
          client.user.id,
          this.cookieUser,
          "who is signed in here is who the cookie says",
        );
        assert.ok(service.check(`Bearer ${await this.world.run(client.accessToken())}`));
      } else {
        assert.equal(client.user, null);
      }
    }
  }

  /** Prints all requests, and the last events of each tab, to help find the cause of a failure. */
  tell(t) {
    for (const { at, method, path, status = "-", cookie, body, tab } of this.world.service.log) {
      const time = new Date(at).toISOString().slice(11);
      t.diagnostic(
        `${time} tab ${this.world.tabs.indexOf(tab)} ${method} ${path} ${status} ${cookie} ${body.slice(0, 50)}`,
      );
    }
    for (const { events, client } of this.tabs)
      t.diagnostic(`${client.status} ${client.user?.email}: ${events.slice(-8).join(", ")}`);
  }

  close() {
    this.world.close();
  }
}

async function explore(t, options, body) {
  // Use the same seeds in each run, so that the test does not fail by chance. To look for rare
  // failures, choose other seeds with SEED and RUNS.
  const first = Number(process.env.SEED ?? 1);
  t.diagnostic(`SEED=${first} RUNS=${RUNS}`);
  const seeds = Array.from({ length: RUNS }, (_, i) => first + i);
  for (const seed of process.env.SEED ? seeds : [...KEPT, ...seeds]) {
    const run = new Run(seed, options);
    try {
      await body(run);
    } catch (error) {
      if (RUNS === 1) run.tell(t);
      t.diagnostic(String(/** @type {Error} */ (error).stack));
      throw new Error(`SEED=${seed} RUNS=1, after ${run.done.join(" ")}`, { cause: error });
    } finally {
      run.close();
    }
  }
}

test("tabs with locks and a channel", (t) =>
  explore(t, { sleeps: false }, async (run) => {
    for (let step = 0; step < STEPS; step += 1) await run.step();
    await run.quiet();
    await run.check();
    assert.equal(run.world.overwritten, 0, "no two requests about the cookie crossed");
    assert.ok(
      [...run.world.service.sessions.values()].every(({ reused }) => !reused),
      "no session was ended by honest renewals",
    );
    for (const { client, events } of run.tabs) {
      if (client.status === "signed_out" && events.length > 0)
        assert.equal(run.cookieUser, undefined, "who is signed out knows why");
    }
    await agree(run);
    assert.ok(
      [...run.world.service.sessions.values()].every(({ over }) => over),
      "no session is left behind",
    );
  }));

for (const without of [
  [],
  ["BroadcastChannel"],
  ["locks"],
  ["locks", "BroadcastChannel", "storage"],
]) {
  test(`a device that sleeps, without ${without.join(", ") || "lack of anything"}`, (t) =>
    explore(t, { without }, async (run) => {
      for (let step = 0; step < STEPS; step += 1) await run.step();
      await run.quiet();
      await run.check();
      if (without.length === 0) await agree(run);
    }));
}

// One tab signs in and later signs out. All other tabs must do the same.
async function agree({ tabs, world }) {
  const [one] = tabs;
  for (const { client } of tabs) await world.run(client.ready());
  await world.run(one.client.login({ email: BOB.email, password: PASSWORD }));
  await world.advance(MINUTE);
  assert.deepEqual(
    tabs.map(({ client }) => client.user?.id),
    tabs.map(() => BOB.id),
  );
  const before = world.service.count("/auth/token");
  await world.advance(60 * MINUTE);
  const renewals = world.service.count("/auth/token") - before;
  // If the renewals of two tabs are due at nearly the same time, both tabs renew before the message
  // about the first renewal arrives. Therefore up to twice as many renewals are allowed.
  assert.ok(renewals >= 5 && renewals <= 10, `${renewals} renewals of all tabs in an hour`);
  await world.run(one.client.logout());
  await world.advance(1000);
  assert.equal(world.cookie, undefined);
  assert.ok(tabs.every(({ client }) => client.status === "signed_out"));
  assert.equal(world.storage.size, 0);
}
