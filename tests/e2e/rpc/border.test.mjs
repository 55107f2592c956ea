// Tests calls from another Worker over a service binding (RPC): with hostile arguments, with names
// that are not methods, and from callers with an older compatibility date. HTTP requests can't call
// the methods.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADA, clientOf, PASSWORD } from "../client.mjs";
import { startWorker } from "../harness.mjs";
import { callerConfig, callsOf, codeOf } from "./calls.mjs";

/**
 * The complete message of the error. It also contains the error's name and code, for platforms that
 * don't transmit the members `name` and `code`.
 */
const WHOLE = "EdgegateError: invalid_credentials: The email address or the password is wrong";

let edge, rpc, plain;
before(async () => {
  const old = { compatibility_date: "2025-01-01" };
  edge = await startWorker({
    others: [
      callerConfig("caller"),
      callerConfig("old-caller", old),
      callerConfig("old-caller-with-flag", {
        ...old,
        compatibility_flags: ["enhanced_error_serialization"],
      }),
    ],
  });
  rpc = callsFrom("caller");
  plain = callsFrom("caller", "DEFAULT");
});
after(() => edge?.stop());

const callsFrom = (name, binding) =>
  callsOf((init) => edge.other(name).fetch("https://caller.example/", init), binding);

/** @type {*[]} */
const HOSTILE = [
  null,
  0,
  -1,
  1e308,
  true,
  "",
  " ",
  [],
  {},
  [[]],
  [null],
  [1],
  [["admin"]],
  { length: 1 },
  { ip: 1 },
  { ip: ["203.0.113.9"] },
  { set: [1] },
  { set: [["admin"]] },
  { $: "undefined" },
  { $: "function" },
  { $: "target" },
  { $: "date" },
  { $: "map" },
  { $: "bigint" },
  { $: "nan" },
  { $: "bytes" },
  { $: "error" },
  { $: "request" },
  { $: "long" },
  { $: "surrogate" },
  { $: "nul" },
  { $: "sparse" },
  { $: "cyclic" },
  { $: "deep" },
  { $: "many" },
  { $: "proto" },
  [{ $: "target" }],
  [{ $: "function" }],
  { ip: { $: "target" } },
  { ip: { $: "long" } },
  { ip: "203.0.113.9", user_agent: { $: "long" } },
];
/** @type {Record<string, unknown[]>} */
const METHODS = {
  generate_token: [ADA, PASSWORD, { ip: "203.0.113.9" }],
  revoke_tokens: ["01a20b9d-286c-7a9a-9464-0e7687df759a"],
  renew_token: ["egr_x", {}],
  reset_password: ["nobody@example.com"],
  is_authorized_by_role: ["token", ["user"]],
  is_authorized_by_user_id: ["token", "id"],
  is_authorized_by_email: ["token", ADA],
};
const CODES = [
  "invalid_request",
  "invalid_field",
  "invalid_credentials",
  "invalid_grant",
  "not_found",
];

test("whatever is handed in is refused with a code, and a check is false", async (t) => {
  for (const [method, good] of Object.entries(METHODS)) {
    await t.test(method, async () => {
      for (const hostile of HOSTILE) {
        for (const position of good.keys()) {
          const args = good.with(position, hostile);
          const what = `${method}, argument ${position}: ${JSON.stringify(hostile)}`;
          const { value, error } = await rpc.outcome(method, ...args);
          if (method.startsWith("is_")) assert.deepEqual([value, error], [false, undefined], what);
          else if (error)
            assert.ok(CODES.includes(error.own.code), `${what}: ${error.name}: ${error.message}`);
          // The argument at position 2 describes the client. An empty value there, such as null or
          // `{}`, means an unknown client. A long User-Agent is shortened.
          else
            assert.ok(
              position === 2 &&
                (hostile === null ||
                  hostile.$ === "undefined" ||
                  JSON.stringify(hostile).length < 3 ||
                  hostile.user_agent),
              what,
            );
        }
      }
      for (const args of [[], Array.from({ length: 5000 }, () => "x")]) {
        const { value, error } = await rpc.outcome(method, ...args);
        assert.ok(method.startsWith("is_") ? value === false : CODES.includes(error.own.code));
      }
    });
  }
});

test("hostile roles do not make a good token's check true, and good ones in any list do", async () => {
  const { access_token } = await rpc.value("generate_token", ADA, PASSWORD);
  const by = (roles) => rpc.value("is_authorized_by_role", access_token, roles);
  assert.equal(await by(["user"]), true);
  for (const roles of [
    ...HOSTILE,
    "user",
    { user: "user" },
    ["user", 1],
    ["user", null],
    { set: ["user", { $: "target" }] },
    ["USER"],
    ["user "],
  ]) {
    assert.equal(await by(roles), false, JSON.stringify(roles));
  }
  assert.equal(await by(Array.from({ length: 999 }, (_, n) => `role-${n}`).concat("user")), true);
  assert.equal(await rpc.value("is_authorized_by_role", [access_token], ["user"]), false);
});

test("which argument is wrong, and how", async () => {
  const codeAndErrors = async (...call) => {
    const { own } = await rpc.refused(...call);
    return [own.code, own.errors?.[0].field, own.errors?.[0].reason];
  };
  assert.deepEqual(await codeAndErrors("generate_token"), ["invalid_field", "email", "missing"]);
  assert.deepEqual(await codeAndErrors("generate_token", ADA), [
    "invalid_field",
    "password",
    "missing",
  ]);
  assert.deepEqual(await codeAndErrors("generate_token", { $: "long" }, PASSWORD), [
    "invalid_field",
    "email",
    "too_long",
  ]);
  assert.deepEqual(await codeAndErrors("generate_token", ADA, { $: "long" }), [
    "invalid_field",
    "password",
    "too_long",
  ]);
  assert.deepEqual(await codeAndErrors("generate_token", ADA, PASSWORD, { ip: "unknown" }), [
    "invalid_field",
    "ip",
    "not_an_address",
  ]);
  assert.deepEqual(await codeAndErrors("generate_token", ADA, PASSWORD, { IP: "203.0.113.9" }), [
    "invalid_request",
    undefined,
    undefined,
  ]);
  assert.deepEqual(await codeAndErrors("generate_token", ADA, PASSWORD, "203.0.113.9"), [
    "invalid_request",
    undefined,
    undefined,
  ]);
  assert.deepEqual(await codeAndErrors("generate_token", { email: ADA, password: PASSWORD }), [
    "invalid_request",
    undefined,
    undefined,
  ]);
  assert.deepEqual(await codeAndErrors("revoke_tokens", "7"), [
    "invalid_field",
    "user_id",
    "not_an_id",
  ]);
  assert.deepEqual(await codeAndErrors("reset_password", "ada"), [
    "invalid_field",
    "email",
    "not_one_at_sign",
  ]);
  assert.match(
    (await rpc.refused("renew_token", 7)).message,
    /^invalid_request: the argument refresh_token /,
  );
});

test("no test before this one made the wasm trap", async () => {
  const client = clientOf(edge);
  await client.logIn(ADA);
  assert.deepEqual(
    edge.logs().filter(({ message }) => /Critical|panic|unreachable/.test(message)),
    [],
  );
});

test("nothing but the methods is callable", async () => {
  const names = [
    "queue",
    "scheduled",
    "fetch",
    "alarm",
    "email",
    "tail",
    "rpc",
    "call",
    "ask",
    "env",
    "ctx",
    "constructor",
    "sessions_answer",
    "sessions_prepare",
    "sessions_alarm",
    "__wbg_reset_state",
    "__worker_init_state",
    "generate_tokens",
    "Generate_token",
    "add_demo_accounts",
  ];
  for (const name of names) {
    const { error, value } = await rpc.outcome(name, {}, {}, {});
    assert.ok(error, `${name} answered ${JSON.stringify(value)}`);
    assert.notEqual(error.name, "EdgegateError");
  }
  // A binding that names no entrypoint leads to the default entrypoint. It has the same RPC
  // methods, and in addition the handlers `fetch`, `queue` and `scheduled`.
  for (const name of names.filter((name) => !["fetch", "queue", "scheduled"].includes(name))) {
    assert.ok((await plain.outcome(name, {}, {}, {})).error, name);
  }
});

test("HTTP can't call the methods", async () => {
  const call = JSON.stringify({
    method: "revoke_tokens",
    args: ["01a20b9d-286c-7a9a-9464-0e7687df759a"],
  });
  for (const path of [
    "/rpc",
    "/auth/rpc",
    "/auth/revoke_tokens",
    "/auth/generate_token",
    "/revoke_tokens",
    "/.well-known/rpc",
    "/dev/rpc",
  ]) {
    for (const init of [
      {},
      { method: "POST", body: call, headers: { "content-type": "application/json" } },
    ]) {
      assert.equal((await edge.worker.fetch(path, init)).status, 404, path);
    }
  }
  const upgrade = await edge.fetch("/auth/login", { headers: { upgrade: "websocket" } });
  assert.notEqual(upgrade.status, 101);
});

test("a caller that names no entrypoint has the same methods, and reads the code in the message", async () => {
  const { access_token, user } = await plain.value("generate_token", ADA, PASSWORD);
  assert.equal(await plain.value("is_authorized_by_user_id", access_token, user.id), true);
  assert.equal(await plain.value("isAuthorizedByRole", access_token, []), false);
  const error = await plain.refused("generate_token", ADA, "wrong");
  assert.deepEqual([error.message, error.own.code], [WHOLE, undefined]);
  assert.equal(codeOf(error), "invalid_credentials");
});

test("an older caller reads the code in the message, or has all with a flag", async () => {
  const [old, flagged] = [callsFrom("old-caller"), callsFrom("old-caller-with-flag")];
  assert.equal((await old.value("generate_token", ADA, PASSWORD)).token_type, "Bearer");
  const error = await old.refused("generate_token", ADA, "wrong");
  assert.deepEqual([error.message, error.name, error.own.code], [WHOLE, "Error", undefined]);
  assert.equal(codeOf(error), "invalid_credentials");
  const known = await flagged.refused("generate_token", ADA, "wrong");
  assert.deepEqual([known.name, known.own.code], ["EdgegateError", "invalid_credentials"]);
  assert.equal(codeOf(known), "invalid_credentials");
});

test("the documented function finds no code where there is none", async () => {
  for (const message of ["", "rate_limited", "Network connection lost.", "TypeError: x: y"])
    assert.equal(codeOf({ message, own: {} }), undefined, message);
});
