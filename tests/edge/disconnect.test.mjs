// If a client closes the connection, Cloudflare cancels the client's request, unless the Worker has
// passed the request's promise to `waitUntil`. Without `waitUntil`, a thief could change a password
// and close the connection before the notice to the owner is queued.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const module = (text) => `data:text/javascript,${encodeURIComponent(text)}`;

/**
 * Returns the Worker of src/edge/entry.mjs. The functions of the wasm are replaced by fakes, which
 * answer when the test tells them to.
 */
async function worker() {
  const work = deferred();
  globalThis.work = work.promise;
  const text = await readFile(new URL("../../src/edge/entry.mjs", import.meta.url), "utf8");
  const [, imported] = text.match(/import \{([^}]+)\} from "edgegate-wasm"/) ?? [];
  const entries = ["rpc", ...(imported.match(/\w+/g) ?? [])];
  const wasm = module(
    entries.map((name) => `export const ${name} = () => globalThis.work;`).join("\n"),
  );
  const platform = module(`
    export class DurableObject {}
    export class WorkerEntrypoint { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }`);
  const source = async (name, replaced) => {
    let text = await readFile(new URL(`../../src/edge/${name}`, import.meta.url), "utf8");
    for (const [from, to] of Object.entries(replaced)) {
      text = text.replaceAll(`"${from}"`, `"${to}"`);
    }
    return module(text);
  };
  const named = { "cloudflare:workers": platform, "edgegate-wasm": wasm };
  const rpc = await source("rpc.mjs", named);
  const entry = await source("entry.mjs", {
    ...named,
    "./rpc.mjs": rpc,
    "./exchange.js": new URL("../../src/edge/exchange.js", import.meta.url).href,
    "./pages/index.mjs": new URL("../../src/edge/pages/index.mjs", import.meta.url).href,
  });
  const { default: Worker } = await import(entry);
  const kept = [];
  return { worker: new Worker({ waitUntil: (promise) => kept.push(promise) }, {}), kept, work };
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

/** Returns whether the promise has already settled. */
const hasSettled = (promise) => {
  const later = new Promise((resolve) => setImmediate(resolve, false));
  return Promise.race([promise.then(() => true), later]);
};

test("a request is finished after its client has hung up", async () => {
  const { worker: made, kept, work } = await worker();
  const answer = made.fetch(new Request("https://auth.example.com/auth/login"));
  assert.equal(kept.length, 1);
  assert.equal(await hasSettled(kept[0]), false);
  work.resolve("answered");
  assert.equal(await answer, "answered");
  assert.equal(await hasSettled(kept[0]), true);
});

test("a check that waits for I/O is finished too, and one that does not is no burden", async () => {
  const url = "https://auth.example.com/auth/authorized?role=user";
  const waiting = await worker();
  const answer = waiting.worker.fetch(new Request(url));
  assert.equal(await hasSettled(answer), false);
  assert.equal(waiting.kept.length, 1);
  waiting.work.resolve({ status: 200 });
  assert.deepEqual(await answer, { status: 200 });

  const prompt = await worker();
  const answered = prompt.worker.fetch(new Request(url));
  for (let turn = 0; turn < 20; turn++) await null;
  prompt.work.resolve({ status: 200 });
  assert.deepEqual(await answered, { status: 200 });
  assert.equal(await hasSettled(answered), true);
  assert.equal(prompt.kept.length, 0);
});

test("a call by RPC is finished after its caller has hung up", async () => {
  const { worker: made, kept, work } = await worker();
  const answer = made.reset_password("ada@example.com");
  assert.equal(kept.length, 1);
  assert.equal(await hasSettled(kept[0]), false);
  work.resolve([503, JSON.stringify({ detail: "Try again", code: "unavailable", status: 503 })]);
  await assert.rejects(answer, { code: "unavailable" });
  assert.equal(await hasSettled(kept[0]), true);
});
