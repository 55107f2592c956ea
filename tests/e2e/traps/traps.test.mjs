// A trap is an error in the wasm, such as a panic. After a trap, the wasm instance can't be used
// any more, but the Worker must go on working. The tests make each entry point of the Worker trap,
// and then call another entry point, in all combinations. They test two Workers: the one that is
// deployed, and the one with the conformance tests, which can really panic and overflow its stack.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { conformanceWorker } from "../../../scripts/project/conformance-worker.mjs";
import { inRoot } from "../../../scripts/project/root.mjs";
import { count } from "../../count.mjs";
import { newKey } from "../../package/tokens.mjs";
import { isWide } from "../../wide.mjs";
import { TEST_VARS } from "../harness.mjs";
import { caller, callsOf } from "../rpc/calls.mjs";
import { eventually, startWorkers } from "../workers.mjs";

const BUILDS = {
  deployed: { folder: () => inRoot("build"), kinds: ["panic"], slug: "traps-deployed" },
  conformance: {
    folder: async () => join(await conformanceWorker(), "../build"),
    kinds: ["panic", "overflow"],
    slug: "traps-real",
  },
};

const SESSION = "01a20b9d-286c-7a9a-9464-0e7687df759a";
const NOW = 1_800_000_000;
const TRY = {
  check: {
    password: "correct horse battery",
    hash: null,
    decoy_salt: Array(16).fill(0),
    in_vain: true,
  },
};
const FIRST_REQUEST = { first_request: { class: "other", most: 1_000_000 } };
// For each class of Durable Object, the arguments of its method `ask`. The call `stored` is made
// once. The answers to later calls then show whether the object still has what this call stored.
const OBJECTS = {
  Sessions: {
    stored: [JSON.stringify({ outdate: { version: 5, until: 4_000_000_000 } })],
    call: [JSON.stringify({ revocation: { session: SESSION, now: NOW } })],
  },
  Account: { call: [JSON.stringify(TRY), "uncounted", NOW * 1000] },
  // The mail gate, which limits mails, counts each call. The test stays far below the limit, so the
  // answer is always the same.
  MailGate: { call: [JSON.stringify([FIRST_REQUEST, NOW])] },
};
const LOGIN = {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ email: "ada@example.com" }),
};
const RPC = "RPC";
// This token has expired. The Worker verifies its signature and then rejects it. The Worker does
// not cache rejected tokens, so it verifies the signature each time.
const KEY = newKey("1");
const EXPIRED = KEY.token({ iss: TEST_VARS.ISSUER, aud: "edgegate", iat: 1, exp: 601 });
const SHOWING = { headers: { authorization: `Bearer ${EXPIRED}` } };

// Read only the first environment in wrangler.toml, because the others bind the same classes.
const bindings = readFileSync(inRoot("wrangler.toml"), "utf8")
  .split("\n[env.")[0]
  .matchAll(/^name = "(\w+)"\nclass_name = "(\w+)"/gm)
  .map(([, binding, name]) => ({ binding, name }))
  .toArray();

// For each entry point: the path of front.mjs that calls it, and the argument.
const ENTRIES = {
  "HTTP at once": ["fetch", { url: `${TEST_VARS.ISSUER}/healthz` }],
  "HTTP later": ["fetch", { url: `${TEST_VARS.ISSUER}/auth/login`, init: LOGIN }],
  "HTTP with a new token": [
    "fetch",
    { url: `${TEST_VARS.ISSUER}/auth/authorized?role=user`, init: SHOWING },
  ],
  [RPC]: [],
  queue: ["queue", { queue: "edgegate-mail", bodies: ["no job"] }],
  scheduled: ["scheduled", {}],
  ...Object.fromEntries(
    bindings.flatMap(({ binding, name }) => [
      [`${name}.ask`, ["ask", { binding, name: "live", call: OBJECTS[name]?.call }]],
      [`${name}.alarm`, ["alarm", { binding, name: "live" }]],
    ]),
  ),
};
const NAMES = Object.keys(ENTRIES);

test("every class of Durable Object in wrangler.toml is tried", () => {
  assert.deepEqual(Object.keys(OBJECTS).sort(), bindings.map(({ name }) => name).sort());
  assert.ok(bindings.length > 0);
});

for (const [build, { folder, kinds, slug }] of Object.entries(BUILDS)) {
  describe(`the ${build} Worker`, () => {
    let edge, stop, logs, rpc, healthy;

    before(async () => {
      const secrets = { SIGNING_KEYS: JSON.stringify({ keys: [KEY.privateJwk] }) };
      const started = await startWorkers([{ caller, secrets }], {
        front: front(),
        folder: await folder(),
      });
      ({
        stop,
        logs,
        workers: [edge],
      } = started);
      rpc = callsOf(edge.askCaller);
      for (const { binding, name } of bindings) {
        const { stored } = OBJECTS[name];
        if (stored)
          assert.equal(
            (await ask("ask", { binding, name: "live", call: stored })).error,
            undefined,
          );
      }
      healthy = {};
      for (const name of NAMES) healthy[name] = await call(name);
      // The calls above have filled the caches of the instance. From now on, an entry point makes
      // the same calls into the wasm each time it is called.
      for (const name of NAMES) assert.deepEqual(await call(name), healthy[name]);
    });
    after(() => stop?.());

    const ask = async (path, given = {}) => {
      const answer = await edge.fetch(`/test/${path}`, {
        method: "POST",
        body: JSON.stringify(given),
      });
      assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
      return answer.json();
    };
    const seen = () => ask("seen");

    async function call(name) {
      if (name !== RPC) return ask(...ENTRIES[name]);
      const { error, value } = await rpc.outcome("renew_token", "egr_x");
      return error ? { error: { code: error.own.code } } : { value };
    }

    /**
     * Checks the outcome of a call that a trap has ended: the client gets only the error
     * `internal`.
     */
    function assertLost(name, outcome) {
      if (name === RPC) return assert.deepEqual(outcome, { error: { code: "internal" } });
      if (!name.startsWith("HTTP")) return assert.ok(outcome.error, JSON.stringify(outcome));
      assert.deepEqual(outcome.value, {
        status: 500,
        type: "application/problem+json",
        code: "internal",
        detail: "Something went wrong",
      });
    }

    async function assertNothingRanOnTheDead() {
      const { onDead, foreign } = await seen();
      assert.deepEqual({ onDead, foreign }, { onDead: 0, foreign: 0 });
    }

    test("a healthy Worker answers at every entry point", () => {
      for (const name of NAMES) assert.notDeepEqual(healthy[name], {}, name);
      assert.deepEqual(healthy["HTTP at once"].value.status, 200);
      assert.deepEqual(healthy["HTTP later"].value.code, "invalid_field");
      assert.deepEqual(healthy["HTTP with a new token"].value.code, "invalid_token");
      assert.deepEqual(healthy[RPC], { error: { code: "invalid_grant" } });
      assert.match(healthy["Sessions.ask"].value, /\b5\b/);
      for (const name of NAMES.filter((name) => !name.startsWith("HTTP") && name !== RPC))
        assert.ok("value" in healthy[name], name);
    });

    test("after a trap in each entry point, each is the first to be called and answers", async () => {
      let tried = 0;
      for (const kind of kinds) {
        for (const [at, trapping] of NAMES.entries()) {
          // After a trap at the last crossing, `npm test` calls only one entry point, a different
          // one for each entry point that trapped. `npm run test:wide` calls all entry points.
          const some = isWide ? NAMES : [NAMES[(at + 1) % NAMES.length]];
          for (const { skip, next } of [
            { skip: 0, next: NAMES },
            { skip: await lastThatLoses(trapping), next: some },
          ]) {
            for (const first of next) {
              await ask("arm", { kind, skip });
              assertLost(trapping, await call(trapping));
              assert.deepEqual(
                await call(first),
                healthy[first],
                `${kind} in ${trapping} at its crossing ${skip}, then ${first}`,
              );
              tried += 1;
            }
          }
        }
      }
      await assertNothingRanOnTheDead();
      const pairsAtTheLast = NAMES.length * (isWide ? NAMES.length : 1);
      assert.equal(tried, kinds.length * (NAMES.length ** 2 + pairsAtTheLast));
      const pairs = `${NAMES.length ** 2} pairs (entry point that traps, next one called) at the first crossing into the wasm`;
      const line = `traps, ${build} Worker: ${tried} tried: ${pairs}, ${pairsAtTheLast} at the last (${kinds.join(", ")})`;
      console.log(line);
      count(slug, line);
    });

    const crossingsOf = async (name) => {
      const begun = (await seen()).crossings;
      await call(name);
      return (await seen()).crossings - begun;
    };

    // An entry point makes several calls into the wasm. Returns the number of the last one at which
    // a trap still makes the entry point fail. That call usually runs in a microtask, long after
    // the entry point has returned its promise.
    async function lastThatLoses(name) {
      for (let skip = (await crossingsOf(name)) - 1; skip >= 0; skip -= 1) {
        await ask("arm", { skip });
        const outcome = await call(name);
        await ask("disarm");
        // Fill the caches of the new instance. A new instance makes more calls into the wasm until
        // its caches are full.
        await call(name);
        if (JSON.stringify(outcome) !== JSON.stringify(healthy[name])) return skip;
      }
      throw new Error(`${name} was never lost`);
    }

    test("wherever a call crosses into the wasm it may trap, and the next call answers", async () => {
      let [tried, lost] = [0, 0];
      for (const [at, trapping] of NAMES.entries()) {
        const crossings = await crossingsOf(trapping);
        assert.ok(crossings > 0, trapping);
        for (let skip = 0; skip < crossings; skip += 1) {
          const { traps } = await seen();
          await ask("arm", { skip });
          const outcome = await call(trapping);
          await ask("disarm");
          // It is possible that the trap has not happened yet, because the last calls only free
          // memory and can come after the answer.
          if ((await seen()).traps > traps) {
            const isAnswered = JSON.stringify(outcome) === JSON.stringify(healthy[trapping]);
            if (!isAnswered) assertLost(trapping, outcome);
            lost += isAnswered ? 0 : 1;
          }
          const first = NAMES[(at + skip) % NAMES.length];
          assert.deepEqual(
            await call(first),
            healthy[first],
            `a trap in ${trapping} at its crossing ${skip}, then ${first}`,
          );
          tried += 1;
        }
      }
      await assertNothingRanOnTheDead();
      assert.ok(lost > NAMES.length);
      const lose = `of which ${lost} lose the call`;
      const line = `traps, ${build} Worker: one at each of ${tried} crossings into the wasm, ${lose}`;
      console.log(line);
      count(`${slug}-crossings`, line);
    });

    test("after a trap 200 calls by RPC alone are answered, and none logs what it was not given", async () => {
      await ask("arm");
      await call("HTTP at once");
      for (let time = 0; time < 200; time += 1) assert.deepEqual(await call(RPC), healthy[RPC]);
      const methods = logs()
        .filter(({ event }) => event === "rpc")
        .map(({ method }) => method);
      assert.ok(methods.length >= 200);
      assert.deepEqual([...new Set(methods)], ["renew_token"]);
      // Text from memory that was never written would contain zero bytes or other control
      // characters.
      assert.doesNotMatch(JSON.stringify(logs()), /\\u00[01]/);
      await assertNothingRanOnTheDead();
    });

    for (const { binding, name } of bindings) {
      test(`after a trap elsewhere the calls of a live object alone are answered (${name})`, async () => {
        for (const trapping of ["HTTP later", RPC]) {
          await call(`${name}.ask`);
          const { made } = await seen();
          await ask("arm");
          assertLost(trapping, await call(trapping));
          for (let time = 0; time < 5; time += 1)
            assert.deepEqual(await call(`${name}.ask`), healthy[`${name}.ask`]);
          assert.equal(
            (await seen()).made[name],
            made[name],
            "the object is the one that was there before the trap",
          );
        }
        await assertNothingRanOnTheDead();
      });

      test(`a trap loses only the calls that an object was answering or was about to, and none waits for ever (${name})`, async () => {
        const asked = () => ask("ask", { binding, name: "live", call: OBJECTS[name].call });
        await ask("arm", { skip: 4 });
        const outcomes = await Promise.all([asked(), asked(), asked(), asked()]);
        await ask("disarm");
        const [lost, answered] = [
          outcomes.filter(({ error }) => error),
          outcomes.filter(({ error }) => !error),
        ];
        assert.ok(lost.length > 0);
        for (const outcome of answered) assert.deepEqual(outcome, healthy[`${name}.ask`]);
        assert.deepEqual(await asked(), healthy[`${name}.ask`]);
        await assertNothingRanOnTheDead();
      });
    }

    test("what was pending at a trap is answered, and its closure is not called in the new instance", async () => {
      for (const first of NAMES) {
        const pending = [ask("wait"), ask("wait")];
        await eventually(async () => (await ask("pending")).value === 2);
        const { instances, foreign, ended } = await seen();
        await ask("arm");
        assertLost("HTTP at once", await call("HTTP at once"));
        for (const { value } of await Promise.all(pending)) {
          const { cameBeforeItsBody, ...answer } = value;
          assert.ok(cameBeforeItsBody);
          assertLost("HTTP later", { value: answer });
        }
        assert.deepEqual(await call(first), healthy[first]);
        // End the bodies of the waiting requests. This settles the promises for which the dead
        // instance was waiting.
        await ask("release");
        await eventually(async () => (await seen()).ended === ended + 2);
        assert.deepEqual(await call(first), healthy[first]);
        const now = await seen();
        assert.deepEqual([now.instances, now.foreign, now.onDead], [instances + 1, foreign, 0]);
      }
      assert.deepEqual(
        logs().filter(({ message }) => /previous WASM instance/i.test(message ?? "")),
        [],
      );
    });

    test("a trap while a lost request is answered costs that request, and no other", async () => {
      for (const first of NAMES) {
        await ask("arm", { times: 2 });
        assert.ok((await call("HTTP at once")).error);
        assert.deepEqual(await call(first), healthy[first]);
      }
      await assertNothingRanOnTheDead();
    });
  });
}

function front() {
  const text = (name) => readFileSync(inRoot("tests/e2e/traps", name), "utf8");
  const classes = bindings
    .map(({ name }) => `export const ${name} = watched("${name}");\n`)
    .join("");
  return [
    { type: "ESModule", path: "front.mjs", contents: text("front.mjs") + classes },
    { type: "ESModule", path: "boundary.mjs", contents: text("boundary.mjs") },
    // (module (func (export "trap") unreachable))
    {
      type: "CompiledWasm",
      path: "unreachable.wasm",
      contents: Buffer.from("AGFzbQEAAAABBAFgAAADAgEABwgBBHRyYXAAAAoFAQMAAAs=", "base64"),
    },
  ];
}
