// Tests how the package handles every kind of answer to the request for a key set, and when it
// fetches the set again. The test moves the clock.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readyVerifier, startKeyServer } from "./key-server.mjs";
import { importPackage } from "./package.mjs";
import { newKey, OPTIONS, setOf, USER } from "./tokens.mjs";

const START = 1_800_000_000_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

const clock = (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: START });
  return (milliseconds) => t.mock.timers.setTime(START + milliseconds);
};

/**
 * Watches for rejected promises that nobody handles. If there is one, the test fails at its end.
 */
const watchRejections = (t) => {
  const seen = [];
  const note = (error) => seen.push(error);
  process.on("unhandledRejection", note);
  t.after(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    assert.deepEqual(seen, []);
  });
};

const until = async (condition) => {
  for (let i = 0; i < 2000 && !condition(); i++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(condition(), "waited in vain");
};

const key = newKey("1");
const other = newKey("2");
/** @type {[set: unknown, reason: string][]} */
const BAD_SETS = [
  ["", "not_json"],
  ["null", "not_object"],
  ["[]", "not_object"],
  ["{}", "no_keys"],
  ["<!doctype html><title>Sign in</title>", "not_json"],
  ['{"keys":[]}', "empty"],
  ['{"keys":{}}', "no_keys"],
  ['{"keys":[5]}', "key_not_object"],
  ['{"keys":[],"keys":[]}', "duplicate_member"],
  [`\ufeff${JSON.stringify(setOf(key))}`, "byte_order_mark"],
  [`${JSON.stringify(setOf(key))}x`, "not_json"],
  [`{"keys":${"[".repeat(100)}${"]".repeat(100)}}`, "too_deep"],
  [{ keys: [key.privateJwk] }, "private_member"],
  [{ keys: [key.jwk, { ...other.jwk, d: 5 }] }, "private_member"],
  [{ keys: [{ kty: "oct", k: "A".repeat(43), kid: "1" }] }, "symmetric_in_public_set"],
  [setOf(key, newKey("1")), "duplicate_kid"],
  [
    {
      keys: [
        { ...key.jwk, kid: undefined },
        { ...key.jwk, kid: undefined },
      ],
    },
    "duplicate_kid",
  ],
  [{ keys: Array.from({ length: 21 }, (_, i) => ({ ...key.jwk, kid: `${i}` })) }, "too_many_keys"],
  [{ keys: [{ ...key.jwk, kty: 5 }] }, "member_not_string"],
  [{ keys: [{ ...key.jwk, kty: "RSA" }] }, "unsupported_kty"],
  [{ keys: [{ ...key.jwk, x: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }] }, "weak_key"],
  [{ keys: [{ ...key.jwk, x: `${"x" in key.jwk && key.jwk.x}=` }] }, "base64"],
  [{ keys: [{ ...key.jwk, alg: "ES256" }] }, "alg_not_the_keys"],
  [{ keys: [{ ...key.jwk, use: "enc" }] }, "use_not_sig"],
  [{ keys: [key.jwk], padding: "x".repeat(1 << 20) }, "set_too_long"],
];

test("a bad set, handed in or fetched: which rule it breaks", async (t) => {
  const { Verifier } = await importPackage(t);
  const server = await startKeyServer(t);
  for (const [set, reason] of BAD_SETS) {
    const refused = { name: "EdgegateError", code: "invalid_key_set", reason };
    await assert.rejects(Verifier.fromJwks(set, OPTIONS), refused, reason);
    server.answer = set;
    await assert.rejects(readyVerifier(Verifier, server.url, OPTIONS), refused, reason);
  }
  server.answer = Buffer.from('{"keys":"\xff"}', "latin1");
  await assert.rejects(readyVerifier(Verifier, server.url, OPTIONS), {
    code: "invalid_key_set",
    reason: "not_utf8",
  });
});

test("keys of other kinds beside ours are skipped, handed in or fetched; a secret in one refuses the set", async (t) => {
  const { Verifier } = await importPackage(t);
  const server = await startKeyServer(t);
  /** @type {unknown[]} */
  const foreign = [
    { kty: "AKP", alg: "ML-DSA-65", kid: "pq", pub: "AAAA" },
    { kty: "AKP", alg: "ML-DSA-65", kid: key.kid, pub: "AAAA" },
    { kty: "RSA", kid: "rsa", n: "AQAB", e: "AQAB", x5c: [["nested"]] },
    { ...other.jwk, crv: "X25519" },
    { ...other.jwk, use: "enc" },
    { ...other.jwk, alg: "ES512" },
    { ...other.jwk, key_ops: ["deriveKey"] },
    { ...other.jwk, x: "AAAA" },
    { ...other.jwk, kty: undefined },
    { ...other.jwk, kid: key.kid, kty: 7 },
    {},
    5,
    null,
  ];
  for (const set of [...foreign.map((one) => [one]), foreign]) {
    for (const keys of [
      [key.jwk, ...set],
      [...set, key.jwk],
    ]) {
      server.answer = { keys };
      for (const made of [
        Verifier.fromJwks({ keys }, OPTIONS),
        readyVerifier(Verifier, server.url, OPTIONS),
      ]) {
        assert.equal((await (await made).verify(key.token())).sub, USER, JSON.stringify(set));
      }
      const verifier = await Verifier.fromJwks({ keys }, OPTIONS);
      await assert.rejects(
        verifier.verify(other.token()),
        { code: "invalid_token" },
        JSON.stringify(set),
      );
    }
    const leaking = { keys: [key.jwk, { .../** @type {object} */ (set[0]), priv: "AAAA" }] };
    await assert.rejects(Verifier.fromJwks(leaking, OPTIONS), {
      code: "invalid_key_set",
      reason: "private_member",
    });
  }
  await assert.rejects(Verifier.fromJwks({ keys: foreign }, OPTIONS), {
    code: "invalid_key_set",
    reason: "unsupported_kty",
  });
});

test("one kid for two keys: used when their algorithms differ; otherwise skipped, and the other keys serve", async (t) => {
  const { Verifier } = await importPackage(t);
  const server = await startKeyServer(t);
  const [first, second] = [newKey("same"), newKey("same", "ES256")];
  const [twin, third] = [newKey("same"), newKey("same")];
  const reason = (verifier, token) =>
    verifier.verify(token).then(
      () => "good",
      (error) => error.reason,
    );
  for (const [keys, verdicts] of [
    [
      [first, second, key],
      ["good", "good", "good"],
    ],
    [
      [key, second, first],
      ["good", "good", "good"],
    ],
    [
      [first, twin, key],
      ["kid_unknown", "kid_unknown", "good"],
    ],
    [
      [key, twin, first],
      ["kid_unknown", "kid_unknown", "good"],
    ],
    [
      [first, key, twin, third],
      ["kid_unknown", "kid_unknown", "good"],
    ],
    [
      [twin, second, first, key],
      ["alg_not_the_keys", "good", "good"],
    ],
  ]) {
    server.answer = setOf(...keys);
    for (const verifier of [
      await Verifier.fromJwks(setOf(...keys), OPTIONS),
      await readyVerifier(Verifier, server.url, OPTIONS),
    ]) {
      const found = [
        await reason(verifier, first.token()),
        await reason(verifier, second.token()),
        await reason(verifier, key.token()),
      ];
      assert.deepEqual(found, verdicts);
      assert.notEqual(await reason(verifier, twin.token()), "good");
    }
  }
});

test("a value that is not a key set is the caller's mistake", async (t) => {
  const { Verifier } = await importPackage(t);
  const cycle = {};
  cycle.keys = cycle;
  const hostile = {
    toJSON() {
      throw new Error("boom");
    },
  };
  for (const jwks of [
    undefined,
    null,
    5,
    5n,
    true,
    Symbol("x"),
    () => {},
    cycle,
    hostile,
    { keys: [5n] },
    { toJSON: () => undefined },
  ]) {
    await assert.rejects(Verifier.fromJwks(jwks, OPTIONS), { code: "invalid_argument" });
  }
});

test("32 KiB of set are read, and not one byte more", async (t) => {
  const { Verifier } = await importPackage(t);
  const text = JSON.stringify(setOf(key));
  const padded = (length) => text + " ".repeat(length - text.length);
  const server = await startKeyServer(t, padded(32 * 1024));
  await readyVerifier(Verifier, server.url, OPTIONS);
  server.answer = padded(32 * 1024 + 1);
  await assert.rejects(readyVerifier(Verifier, server.url, OPTIONS), { reason: "set_too_long" });

  let sent = 0;
  server.answer = (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(" ".repeat(16 * 1024))) sent += 16;
      sent += 16;
    };
    response.on("drain", more).on("error", () => {});
    more();
  };
  await assert.rejects(readyVerifier(Verifier, server.url, OPTIONS), { reason: "set_too_long" });
  await until(() => server.asked.length === 3);
  assert.ok(sent < 64 * 1024, `an endless answer was broken off, after ${sent} KiB at the latest`);
});

test("an address that answers no set: key_set_unavailable, without what the other side wrote", async (t) => {
  const { Verifier } = await importPackage(t);
  const elsewhere = await startKeyServer(t, setOf(key));
  const server = await startKeyServer(t);
  const answers = [
    [(_, response) => response.writeHead(404).end("secret"), /status 404/],
    [(_, response) => response.writeHead(500).end("secret"), /status 500/],
    [(_, response) => response.writeHead(204).end(), /status 204/],
    [(_, response) => response.writeHead(206).end(JSON.stringify(setOf(key))), /status 206/],
    ...[301, 302, 303, 307, 308].map((status) => [
      (_, response) => response.writeHead(status, { Location: elsewhere.url }).end(),
      /redirect/,
    ]),
    [(request) => request.socket.destroy(), /could not be fetched/],
    [
      (_, response) => {
        response.writeHead(200, { "Content-Length": "1000" });
        response.write("{");
        setTimeout(() => response.destroy(), 20);
      },
      /could not be fetched/,
    ],
  ];
  for (const [answer, why] of answers) {
    server.answer = answer;
    await assert.rejects(
      readyVerifier(Verifier, `${server.url}?key=secret`, OPTIONS),
      (/** @type {any} */ error) => {
        assert.equal(error.code, "key_set_unavailable");
        assert.match(error.message, /** @type {RegExp} */ (why));
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  }
  assert.equal(elsewhere.asked.length, 0, "no redirect was followed");
  await server.stop();
  await assert.rejects(readyVerifier(Verifier, server.url, OPTIONS), {
    code: "key_set_unavailable",
  });
});

test("an address that hangs, before the answer or within it: an end after five seconds", async (t) => {
  const { Verifier } = await importPackage(t);
  watchRejections(t);
  const begun = performance.now();
  const silent = await startKeyServer(t, () => {});
  const trickling = await startKeyServer(t, (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(" "), 100);
    response.on("close", () => clearInterval(timer));
  });
  const deaf = { fetch: () => new Promise(() => {}) };
  const late = { code: "key_set_unavailable", message: /did not answer within 5 s/ };
  await Promise.all([
    assert.rejects(readyVerifier(Verifier, silent.url, OPTIONS), late),
    assert.rejects(readyVerifier(Verifier, trickling.url, OPTIONS), late),
    assert.rejects(
      readyVerifier(Verifier, "https://auth.example.com/jwks", { ...OPTIONS, ...deaf }),
      late,
    ),
  ]);
  assert.ok(performance.now() - begun > 4900);
});

test("the caller's own fetch gets only these options, and any wrong answer of it is an error", async (t) => {
  const { Verifier } = await importPackage(t);
  watchRejections(t);
  const asked = [];
  const fetch = async (...args) => {
    asked.push(args);
    return Response.json(setOf(key));
  };
  const verifier = await readyVerifier(Verifier, new URL("https://auth.example.com/jwks"), {
    ...OPTIONS,
    fetch,
  });
  assert.equal(await verifier.isAuthorizedByUserId(key.token(), USER), true);
  const [[url, { signal, ...init }]] = asked;
  assert.equal(url, "https://auth.example.com/jwks");
  assert.ok(signal instanceof AbortSignal);
  assert.deepEqual(init, {
    method: "GET",
    redirect: "manual",
    headers: { accept: "application/json" },
  });

  const boom = () => {
    throw new Error("boom");
  };
  for (const fetch of [
    boom,
    async () => boom(),
    () => 5,
    () => null,
    () => ({}),
    () => ({ status: 200, body: 5 }),
    async () => ({
      status: 200,
      get body() {
        return boom();
      },
    }),
  ]) {
    await assert.rejects(
      readyVerifier(Verifier, "https://auth.example.com/jwks", { ...OPTIONS, fetch }),
      { name: "EdgegateError" },
    );
  }
});

test("an unknown kid fetches again, at most once in 30 s, and all that wait share it", async (t) => {
  const { Verifier } = await importPackage(t);
  const at = clock(t);
  const server = await startKeyServer(t, setOf(key));
  const verifier = await readyVerifier(Verifier, server.url, OPTIONS);
  const unknown = { code: "invalid_token", reason: "kid_unknown" };
  at(29 * SECOND);
  await assert.rejects(verifier.verify(other.token()), unknown);
  assert.equal(server.asked.length, 1, "just fetched: nothing newer to be had");

  at(30 * SECOND);
  server.answer = setOf(key, other);
  const many = await Promise.all(
    Array.from({ length: 20 }, () => verifier.isAuthorizedByUserId(other.token(), USER)),
  );
  assert.ok(many.every((yes) => yes));
  assert.equal(server.asked.length, 2);

  for (let i = 0; i < 50; i++)
    await assert.rejects(verifier.verify(newKey(`forged ${i}`).token()), unknown);
  at(59 * SECOND);
  await assert.rejects(verifier.verify(newKey("3").token()), unknown);
  assert.equal(server.asked.length, 2, "forged tokens cost nothing");
  at(60 * SECOND);
  await assert.rejects(verifier.verify(newKey("3").token()), unknown);
  assert.equal(server.asked.length, 3);
});

test("keys older than ten minutes are fetched again in the background, and a key that is gone stops verifying", async (t) => {
  const { Verifier } = await importPackage(t);
  watchRejections(t);
  const at = clock(t);
  const server = await startKeyServer(t, setOf(key, other));
  const verifier = await readyVerifier(Verifier, server.url, OPTIONS);
  at(10 * MINUTE - 1);
  await verifier.verify(key.token());
  assert.equal(server.asked.length, 1);

  let release;
  const judged = new Promise((resolve) => {
    release = resolve;
  });
  server.answer = async (_, response) => {
    await judged;
    response.end(JSON.stringify(setOf(other)));
  };
  at(10 * MINUTE);
  const verdicts = await Promise.all(
    Array.from({ length: 10 }, () => verifier.isAuthorizedByUserId(key.token(), USER)),
  );
  assert.ok(
    verdicts.every((yes) => yes),
    "nobody waits for it",
  );
  await until(() => server.asked.length === 2);
  release();
  // Wait until the verifier uses the new set. This takes a few turns of the event loop.
  for (let i = 0; i < 400 && (await verifier.isAuthorizedByUserId(key.token(), USER)); i++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await assert.rejects(verifier.verify(key.token()), {
    code: "invalid_token",
    reason: "kid_unknown",
  });
  await verifier.verify(other.token());
  assert.equal(server.asked.length, 2);
});

test("while a refetch fails: the keys at hand serve for an hour, and it is tried every 30 s", async (t) => {
  const { Verifier } = await importPackage(t);
  watchRejections(t);
  const at = clock(t);
  const server = await startKeyServer(t, setOf(key));
  const verifier = await readyVerifier(Verifier, server.url, OPTIONS);
  const quiet = async (count) => {
    await until(() => server.asked.length === count);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(server.asked.length, count);
  };
  server.answer = (_, response) => response.writeHead(503).end();
  at(11 * MINUTE);
  await verifier.verify(key.token());
  await quiet(2);
  at(11 * MINUTE + 29 * SECOND);
  await verifier.verify(key.token());
  await assert.rejects(
    verifier.verify(other.token()),
    { code: "key_set_unavailable" },
    "whether there is such a key can't be known",
  );
  await quiet(2);
  at(11 * MINUTE + 30 * SECOND);
  await assert.rejects(verifier.verify(other.token()), { code: "key_set_unavailable" });
  await quiet(3);

  at(60 * MINUTE - 1);
  await verifier.verify(key.token());
  await quiet(4);
  at(60 * MINUTE);
  await assert.rejects(verifier.verify(key.token()), { code: "key_set_unavailable" });
  assert.equal(await verifier.isAuthorizedByUserId(key.token(), USER), false);
  assert.equal(server.asked.length, 4, "within the pause");
  at(61 * MINUTE);
  await assert.rejects(verifier.verify(key.token()), { code: "key_set_unavailable" });
  assert.equal(server.asked.length, 5);

  server.answer = { keys: [key.privateJwk] };
  at(62 * MINUTE);
  await assert.rejects(verifier.verify(key.token()), {
    code: "invalid_key_set",
    reason: "private_member",
  });
  server.answer = setOf(key);
  at(63 * MINUTE);
  await verifier.verify(key.token());
  assert.equal(server.asked.length, 7);
});

test("a clock that was set back makes nothing older than it is known to be", async (t) => {
  const { Verifier } = await importPackage(t);
  const at = clock(t);
  const server = await startKeyServer(t, setOf(key));
  const verifier = await readyVerifier(Verifier, server.url, OPTIONS);
  at(-MINUTE);
  await verifier.verify(key.token());
  assert.equal(server.asked.length, 2, "fetched again, since their age is not known");
});

test("a fetch that was lost with the request that began it is not waited for", async (t) => {
  const { Verifier } = await importPackage(t);
  watchRejections(t);
  const at = clock(t);
  let lost = false;
  let asked = 0;
  const never = new Promise(() => {});
  // In a Worker, fetches and timers of a request don't continue after the request has ended. Here a
  // fetch that never settles simulates this.
  const fetch = async () => {
    asked += 1;
    return lost ? never : Response.json(setOf(key));
  };
  const verifier = await readyVerifier(Verifier, "https://auth.example.com/jwks", {
    ...OPTIONS,
    fetch,
  });
  at(11 * MINUTE);
  lost = true;
  await verifier.verify(key.token());
  assert.equal(asked, 2);
  lost = false;
  at(11 * MINUTE + 31 * SECOND);
  await verifier.verify(key.token());
  await until(() => asked === 3);
});
