// Another Worker calls the seven RPC methods over a service binding, in workerd. The tests of the
// methods and of failing storage run with each session store.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inRoot } from "../../../scripts/project/root.mjs";
import { ADA, claimsOf, clientOf, PASSWORD, ROOT, untilLimited } from "../client.mjs";
import { mails, mailTo, ticketOf } from "../outbox.mjs";
import { startWorkers } from "../workers.mjs";
import { caller, callsOf } from "./calls.mjs";

const CLIENT = {
  ip: "203.0.113.9",
  user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
};
/**
 * Returns the `@throws` text of a method in npm/edgegate/types/rpc.d.ts. The text lists the errors
 * that the method can throw.
 */
const thrownBy = (method) => {
  const [before] = readFileSync(inRoot("npm/edgegate/types/rpc.d.ts"), "utf8").split(
    `\n  ${method}(`,
  );
  const doc = before.split("/**").at(-1) ?? "";
  return doc.match(/@throws \{AuthError\} (.*)\*\//s)?.[1] ?? assert.fail(method);
};
const boot = async (t, ...settings) => {
  const { workers, logs, logged, stop } = await startWorkers(
    settings.map((setting) => ({ caller, ...setting })),
  );
  t.after(stop);
  return {
    edges: workers,
    logs,
    logged,
    calls: workers.map(({ askCaller }) => callsOf(askCaller)),
  };
};

for (const store of ["kv", "durable"]) {
  test(`${store}: what each method does`, async (t) => {
    const {
      edges: [edge],
      calls: [rpc],
      logs,
      logged,
    } = await boot(t, { vars: { SESSION_STORE: store, ROTATE_AFTER: "0" } });
    const client = clientOf(edge);
    const signedIn = await rpc.value("generate_token", ADA, PASSWORD, CLIENT);
    const { access_token, refresh_token, user } = signedIn;

    await t.test("generate_token: what POST /auth/login answers", async () => {
      const { access_token: _a, refresh_token: _r, device_token: rpcDevice, ...rest } = signedIn;
      const {
        access_token: _b,
        refresh_token: _s,
        device_token: httpDevice,
        ...overHttp
      } = await client.logIn(ADA);
      assert.deepEqual(rest, overHttp);
      for (const device of [rpcDevice, httpDevice]) assert.match(device, /^egd_[\w-]{104}$/);
      assert.equal((await client.get("/auth/me", { token: access_token })).body.id, user.id);
      const { body } = await client.get("/auth/sessions", { token: access_token });
      const { device, network } = body.sessions.find(({ id }) => id === claimsOf(access_token).sid);
      assert.deepEqual([device.browser, device.os, network], ["Firefox", "Linux", "203.0.113.0"]);
    });

    await t.test("the checks", async () => {
      const root = await rpc.value("generateToken", ROOT, PASSWORD);
      for (const name of ["is_authorized_by_role", "isAuthorizedByRole"]) {
        assert.equal(await rpc.value(name, access_token, ["user"]), true);
        assert.equal(await rpc.value(name, access_token, { set: ["admin", "user"] }), true);
        assert.equal(await rpc.value(name, access_token, ["admin"]), false);
        assert.equal(await rpc.value(name, access_token, []), false);
        assert.equal(await rpc.value(name, access_token, { set: [] }), false);
        assert.equal(await rpc.value(name, root.access_token, ["admin"]), true);
        assert.equal(await rpc.value(name, `${access_token}A`, ["user"]), false);
      }
      for (const name of ["is_authorized_by_user_id", "isAuthorizedByUserId"]) {
        assert.equal(await rpc.value(name, access_token, user.id), true);
        assert.equal(await rpc.value(name, access_token, root.user.id), false);
        assert.equal(await rpc.value(name, access_token, user.id.toUpperCase()), false);
      }
      for (const name of ["is_authorized_by_email", "isAuthorizedByEmail"]) {
        assert.equal(await rpc.value(name, access_token, ADA), true);
        assert.equal(await rpc.value(name, access_token, "ADA@EXAMPLE.com"), true);
        assert.equal(await rpc.value(name, access_token, ROOT), false);
      }
    });

    let renewed;
    await t.test("renew_token: a new pair, and the old access token goes on", async () => {
      renewed = await rpc.value("renew_token", refresh_token, CLIENT);
      assert.deepEqual(Object.keys(renewed).sort(), [
        "access_token",
        "expires_in",
        "refresh_token",
        "refresh_token_expires_in",
        "token_type",
      ]);
      assert.notEqual(renewed.refresh_token, refresh_token);
      assert.equal(
        (await rpc.value("renewToken", renewed.refresh_token, CLIENT)).token_type,
        "Bearer",
      );
      assert.equal((await client.renew(renewed.refresh_token)).status, 200);
      const error = await rpc.refused("renew_token", renewed.access_token);
      assert.deepEqual([error.own.code, error.own.status], ["invalid_grant", 400]);
    });

    await t.test("revoke_tokens: no Bearer is asked for, and everything is over", async () => {
      assert.deepEqual(await rpc.outcome("revoke_tokens", user.id), { type: "undefined" });
      assert.equal(
        (await rpc.refused("renew_token", renewed.refresh_token)).own.code,
        "invalid_grant",
      );
      assert.equal(await rpc.value("is_authorized_by_role", access_token, ["user"]), false);
      assert.equal(
        await rpc.value("is_authorized_by_user_id", renewed.access_token, user.id),
        false,
      );
      assert.equal((await client.renew(renewed.refresh_token)).status, 400);
      await rpc.value("revokeTokens", user.id);
      const unknown = await rpc.refused("revoke_tokens", "01a20b9d-286c-7a9a-9464-0e7687df759a");
      assert.deepEqual([unknown.own.code, unknown.own.status], ["not_found", 404]);
    });

    await t.test(
      "reset_password: a mail for an account, nothing for none, and the same answer",
      async () => {
        for (const [name, email] of [
          ["reset_password", "nobody@example.com"],
          ["resetPassword", ADA],
        ]) {
          assert.deepEqual(await rpc.outcome(name, email), { type: "undefined" });
        }
        const ticket = ticketOf(await mailTo(edge, ADA));
        assert.equal(
          (
            await client.post("/auth/password/confirm", {
              json: { token: ticket, password: "another long passphrase" },
            })
          ).status,
          204,
        );
        assert.deepEqual(
          (await mails(edge)).filter(({ to }) => to === "nobody@example.com"),
          [],
        );
        const login = await rpc.refused("generate_token", ADA, PASSWORD, CLIENT);
        assert.equal(login.own.code, "invalid_credentials");
      },
    );

    await t.test(
      "an error is one, with its code; nothing of the inside comes with it",
      async () => {
        const error = await rpc.refused("generate_token", ADA, "wrong", CLIENT);
        assert.deepEqual([error.isError, error.name], [true, "EdgegateError"]);
        const { requestId, remote: _set_by_the_runtime, ...own } = error.own;
        const message = "invalid_credentials: The email address or the password is wrong";
        assert.deepEqual(own, {
          name: "EdgegateError",
          message,
          code: "invalid_credentials",
          status: 401,
        });
        assert.doesNotMatch(error.stack, /index\.js|wasm/);
        const line = await logged(
          ({ event, request_id }) => event === "rpc" && request_id === requestId,
        );
        assert.deepEqual(
          [line.event, line.method, line.level, line.reason],
          ["rpc", "generate_token", "warn", "login refused: wrong_password"],
        );
        const unknown = await rpc.refused("generate_token", "nobody@example.com", PASSWORD);
        assert.deepEqual([unknown.message, unknown.own.status], [error.message, error.own.status]);
      },
    );

    await t.test("one line a call, and no secret in it", () => {
      const lines = logs().filter(({ event }) => event === "rpc");
      assert.ok(lines.length > 30);
      for (const line of lines) {
        assert.match(
          line.method,
          /^(generate|renew|revoke)_tokens?$|^reset_password$|^is_authorized_by_(role|user_id|email)$/,
        );
        assert.equal("path" in line, false);
      }
      const text = JSON.stringify(logs());
      for (const secret of [access_token, refresh_token, PASSWORD, ADA, CLIENT.ip, "Firefox"])
        assert.equal(text.includes(secret), false, secret);
    });
  });

  test(`${store}: storage that fails`, async (t) => {
    const {
      edges: [edge],
      calls: [rpc],
      logged,
    } = await boot(t, { vars: { SESSION_STORE: store } });
    const { access_token, refresh_token, user } = await rpc.value(
      "generate_token",
      ADA,
      PASSWORD,
      CLIENT,
    );
    const fail = (name) =>
      edge.control({ fail: { [name]: { times: 1_000, error: "storage is down" } } });
    const isUnavailable = ({ message, own }) => {
      assert.deepEqual([own.code, own.status, own.retryAfter], ["unavailable", 503, 2]);
      assert.doesNotMatch(message, /down/);
    };

    await fail("D1");
    isUnavailable(await rpc.refused("generate_token", ADA, PASSWORD, CLIENT));
    isUnavailable(await rpc.refused("renew_token", refresh_token, CLIENT));
    isUnavailable(await rpc.refused("revoke_tokens", user.id));

    await fail(store === "kv" ? "KV get" : "object");
    if (store === "durable") {
      // If the check fails because of an error, the answer is false, and the log says that the
      // token was not checked.
      assert.equal(await rpc.value("is_authorized_by_role", access_token, ["user"]), false);
      assert.equal(await rpc.value("is_authorized_by_user_id", access_token, user.id), false);
      assert.equal(await rpc.value("is_authorized_by_email", access_token, ADA), false);
      const line = await logged(
        ({ method, status }) => method === "is_authorized_by_email" && status === 503,
      );
      assert.deepEqual(
        [line.level, line.reason],
        ["error", "sessions_object failed: storage is down"],
      );
    }
    isUnavailable(await rpc.refused("renew_token", refresh_token, CLIENT));

    await edge.control({ fail: {} });
    assert.equal(await rpc.value("is_authorized_by_role", access_token, ["user"]), true);
    assert.equal((await rpc.value("renew_token", refresh_token, CLIENT)).token_type, "Bearer");
  });
}

test("limits count the address that the caller hands in, and nobody without one", async (t) => {
  const {
    calls: [rpc],
  } = await boot(t, { vars: { LIMITS: "on" } });
  const attempt = (email, client) => async () => {
    const { error, value } = await rpc.outcome(
      "generate_token",
      email,
      "wrong",
      ...(client ? [client] : []),
    );
    return { status: error?.own.status ?? 200, error, value };
  };
  const last = (await untilLimited(10, attempt(ADA, CLIENT))).at(-1);
  assert.deepEqual(
    [last.status, last.error.own.code, last.error.own.retryAfter],
    [429, "rate_limited", 60],
  );
  assert.match(thrownBy("generate_token"), /`rate_limited`/);
  // The limit applies to one network and one account together, so the account's owner can still log
  // in from another network.
  assert.equal((await attempt(ADA, { ip: "198.51.100.7" })()).status, 401);
  // All IPv6 addresses in the same /64 are treated as one network.
  const ipv6 = await untilLimited(10, (n) => attempt(ROOT, { ip: `2001:db8::${n}` })());
  assert.equal(ipv6.at(-1).status, 429);
  for (const client of [undefined, {}, { ip: null, user_agent: null }]) {
    const answers = [];
    for (let n = 0; n < 25; n += 1)
      answers.push((await attempt("nobody@example.com", client)()).status);
    assert.deepEqual(new Set(answers), new Set([401]));
  }
});

test("renewals are limited too, and the types say so", async (t) => {
  const {
    calls: [rpc],
  } = await boot(t, { vars: { LIMITS: "on" } });
  const { refresh_token } = await rpc.value("generate_token", ADA, PASSWORD, CLIENT);
  const renew = async () => {
    const { error } = await rpc.outcome("renew_token", refresh_token, CLIENT);
    return { status: error?.own.status ?? 200, error };
  };
  const { error } = (await untilLimited(60, renew)).at(-1);
  assert.deepEqual(
    [error.own.code, error.own.status, error.own.retryAfter],
    ["rate_limited", 429, 60],
  );
  assert.match(thrownBy("renew_token"), /`rate_limited`/);
});

test("without a queue the mail comes after the answer; a queue that fails is an error", async (t) => {
  const {
    edges: [without, failing],
    calls: [first, second],
  } = await boot(t, { without: ["MAIL_QUEUE"] }, {});
  await first.value("reset_password", ADA);
  assert.ok(ticketOf(await mailTo(without, ADA)));

  await failing.control({ fail: { "queue send": { times: 1, error: "the queue is down" } } });
  const { message, own } = await second.refused("reset_password", ROOT);
  assert.deepEqual([own.code, own.retryAfter], ["unavailable", 2]);
  assert.doesNotMatch(message, /down/);
  await second.value("reset_password", ROOT);
});

test("a Worker that is not configured says so, and its checks are false", async (t) => {
  const broken = [
    { secrets: { SIGNING_KEYS: undefined } },
    { secrets: { TICKET_SECRET: "short" } },
    { without: ["SESSIONS"] },
    // ISSUER is a loopback address, but DEV is not set. This happens if somebody deploys the
    // configuration of local development.
    { secrets: { DEV: undefined }, vars: { LIMITS: "on" } },
  ];
  const { calls, logs } = await boot(t, ...broken);
  for (const [index, rpc] of calls.entries()) {
    const calls = [
      ["generate_token", ADA, PASSWORD],
      ["revoke_tokens", "x"],
      ["renew_token", "x"],
      ["reset_password", ADA],
    ];
    for (const [method, ...args] of calls) {
      const { message, own } = await rpc.refused(method, ...args);
      assert.deepEqual([own.code, own.status], ["misconfigured", 500], `${index}: ${method}`);
      assert.equal(message, "misconfigured: The service is not configured correctly");
    }
    assert.equal(await rpc.value("is_authorized_by_role", "x", ["user"]), false);
  }
  assert.ok(logs().some(({ reason }) => reason?.startsWith("ISSUER is a loopback address")));
});
