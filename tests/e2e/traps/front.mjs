// The built Worker with additional paths for traps.test.mjs. boundary.mjs watches the calls into
// the wasm and makes calls trap. traps.test.mjs adds the classes of the Durable Objects.
//
// POST /test/arm takes JSON `{ skip, times, kind }`, the arguments of `arm` in boundary.mjs.
// POST /test/disarm undoes this.
// POST /test/seen answers the counts of boundary.mjs, and how many objects of each class were made.
// POST /test/wait sends the Worker a request whose body does not end. /test/pending answers how
// many of these requests wait, and /test/release ends their bodies.
// POST /test/<entry> takes JSON and calls an entry point of the Worker. The answer is `{ value }`,
// or `{ error }` with the error's name, message and code.
//
// Import boundary.mjs before the built Worker, because the Worker creates its first instance when
// its module is loaded.
import "./boundary.mjs";
import { WorkerEntrypoint } from "cloudflare:workers";
import { arm, disarm, seen } from "./boundary.mjs";
import * as built from "./index.js";

export const Auth = built.Auth;

/** @type {ScheduledController} */
const EVERY_FIVE_MINUTES = { cron: "*/5 * * * *", scheduledTime: 0, noRetry: () => {} };
const made = {};
const waiting = [];
let ended = 0;

/**
 * Returns the Durable Object class of this name, changed for the test: it counts how many of its
 * objects are created, and a test can trigger their alarm.
 */
export function watched(name) {
  // biome-ignore lint/performance/noDynamicNamespaceImportAccess: the names are those of wrangler.toml
  const Built = /** @type {typeof built.Sessions} */ (built[name]);
  return class extends Built {
    constructor(ctx, env) {
      super(ctx, env);
      made[name] = (made[name] ?? 0) + 1;
    }

    ring() {
      return this.alarm();
    }
  };
}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    const path = new URL(request.url).pathname;
    if (!path.startsWith("/test/")) return this.#built().fetch(request);
    const given = await request.json();
    const answer = await this.#answer(path.slice("/test/".length), given).catch((error) => ({
      error: { name: error?.name, message: error?.message, code: error?.code },
    }));
    return Response.json(answer ?? {});
  }

  async #answer(asked, given) {
    switch (asked) {
      case "arm":
        return arm(given);
      case "disarm":
        return disarm();
      case "seen":
        return { ...seen, made, ended };
      case "pending":
        return { value: waiting.length };
      case "release":
        for (const release of waiting.splice(0)) release();
        return;
      case "wait":
        return { value: await this.#wait() };
      case "fetch":
        return { value: await told(await this.#built().fetch(new Request(given.url, given.init))) };
      case "queue":
        return { value: await this.#queue(given) };
      case "scheduled":
        return { value: (await this.#built().scheduled(EVERY_FIVE_MINUTES)) ?? null };
      case "ask":
        return { value: await this.env[given.binding].getByName(given.name).ask(...given.call) };
      case "alarm":
        return { value: (await this.env[given.binding].getByName(given.name).ring()) ?? null };
    }
  }

  #built() {
    return new built.default(this.ctx, this.env);
  }

  // Makes a request whose body ends only at /test/release. `waitUntil` keeps the request alive
  // after it has been answered. Without `waitUntil`, the promises of the request would never
  // settle.
  async #wait() {
    let isOver = false;
    const released = new Promise((release) => waiting.push(release));
    // Wait for a timer as well. If a request waited only for another request, the runtime would
    // think that it hangs.
    const end = Promise.race([released, scheduler.wait(60_000)]);
    const body = new ReadableStream({
      async pull(controller) {
        await end;
        isOver = true;
        controller.close();
      },
    });
    this.ctx.waitUntil(
      end.then(async () => {
        await scheduler.wait(10);
        ended += 1;
      }),
    );
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    const answer = await this.#built().fetch(new Request(`${this.env.ISSUER}/auth/login`, init));
    return { ...(await told(answer)), cameBeforeItsBody: !isOver };
  }

  async #queue({ queue, bodies }) {
    const outcomes = {};
    const messages = bodies.map((body, index) => ({
      id: `message-${index}`,
      body,
      attempts: 1,
      timestamp: new Date(),
      ack: () => (outcomes[index] = "ack"),
      retry: () => (outcomes[index] = "retry"),
    }));
    const batch = /** @type {MessageBatch} */ (/** @type {unknown} */ ({ queue, messages }));
    await this.#built().queue(batch);
    return outcomes;
  }
}

async function told(answer) {
  const body = await answer.json();
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    code: body.code ?? null,
    detail: body.detail ?? null,
  };
}
