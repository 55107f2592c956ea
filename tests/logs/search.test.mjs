// The search of the logs (search.mjs) must find everything that no log may contain.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inRoot } from "../../scripts/project/root.mjs";
import { node, toolEnv } from "../../scripts/project/tools.mjs";
import { readKept, search, searchFolder } from "./search.mjs";

// The step `logs` of `npm test` records how much it has searched. The searches in these tests must
// not be recorded in its place.
delete process.env.EDGEGATE_COUNTS;

const JWT = `eyJhbGciOiJFZERTQSJ9.${"QUJD".repeat(20)}.${"c2lnbmF0dXJlLXBhcnQ".repeat(4)}`;
const REFRESH = `egr_${"dGlja2V0LWJvZHk".repeat(5)}`;
const SECRETS = [
  ["a password", "correct horse battery staple"],
  ["a password", 'one "quoted"\nand broken'],
  ["a token", JWT],
  ["a token", REFRESH],
  ["TICKET_SECRET", "8_EOCRgpGXvXUXx_c7SG1v9rnoHKN-6Xn0P-vkQ_imo"],
];
const CLEAN = [
  '{"level":"info","event":"request","request_id":"6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a34","method":"POST","path":"/auth/login","status":200,"waited_ms":18,"user_id":"01a20b9d-286c-7a9a-9464-0e7687df759a"}',
  '{"level":"warn","event":"sign_in_failed","time":"2026-11-28T06:55:16.482Z","outcome":"refused","reason":"wrong_password","address":"8110e99d472dab1e"}',
];
const whatIn = (line) => [
  ...new Set(
    search([...CLEAN, line], SECRETS).map(([what, at]) => {
      assert.equal(at, line);
      return what;
    }),
  ),
];

test("a planted secret is found, whole or in part, wherever it stands", () => {
  assert.deepEqual(search(CLEAN, SECRETS), []);
  for (const [what, secret] of [
    ["a password", "correct horse battery staple"],
    ["a password", 'one \\"quoted\\"\\nand broken'],
    ["a token", JWT.slice(-25)],
    ["a token", JWT.split(".")[1].slice(-30)],
    ["a token", REFRESH.slice(-40)],
    ["TICKET_SECRET", "8_EOCRgpGXvXUXx_c7SG1v9rnoHKN-6Xn0P-vkQ_imo"],
    ["an access token", "eyJhbGciOiJub25lIn0"],
    ["a ticket", "egl_AAEC"],
    ["a ticket", "egd_AAEC"],
    // The prefixes of the other secrets, in this order: sign-on, authorization request, code,
    // refresh token of an app, client secret.
    ...["egs", "egq", "egk", "ega", "egc"].map((prefix) => ["a ticket", `${prefix}_AAEC`]),
    ["a hash of a password", "$argon2id$v=19$m=19456,t=2,p=1$AAAA"],
    ["an email address", "Somebody.Else@example.org"],
    ["an address of a network", "203.0.113.7"],
    ["an address of a network", "2001:DB8::1"],
    ["a private key", '\\"d\\":\\"AAAA\\"'],
  ]) {
    for (const line of [
      `{"event":"request","reason":"before ${secret} behind"}`,
      `Error: ${secret}`,
      `{"path":"/auth/x${secret}"}`,
    ]) {
      assert.ok(whatIn(line).includes(what), `${what} in ${line}: ${whatIn(line)}`);
    }
  }
});

test("an identifier of a mail provider is no access token, although it contains eyJ", () => {
  // This random identifier once made the step `logs` fail.
  const identifiers = ["8B2MV0muVmeyJoBbbLiyKTDyKMLWsju6TRyC"];
  for (let number = 0; number < 500; number += 1) {
    const hash = createHash("sha256").update(String(number)).digest("base64url");
    identifiers.push(`${hash.slice(0, number % 20)}eyJ${hash.slice(20)}`);
  }
  for (const id of identifiers)
    assert.deepEqual(whatIn(`{"event":"mail","outcome":"sent","provider_id":"${id}"}`), [], id);
  for (const name of ["alg", "typ", "kid", "iss", "exp", "user_id"]) {
    const token = Buffer.from(JSON.stringify({ [name]: "some value" })).toString("base64url");
    for (const text of [token, `x${token}`, `eyJ${token}`, token.slice(0, 12)])
      assert.deepEqual(whatIn(`{"event":"request","reason":"${text}"}`), ["an access token"], name);
  }
});

const encoded = (text) => ({
  "percent-encoded": encodeURIComponent(text),
  "percent-encoded twice": encodeURIComponent(encodeURIComponent(text)),
  "percent-encoded, every byte": [...Buffer.from(text)]
    .map((byte) => `%${byte.toString(16).padStart(2, "0")}`)
    .join(""),
  "a form": new URLSearchParams({ q: text }).toString(),
  base64: Buffer.from(text).toString("base64"),
  base64url: Buffer.from(text).toString("base64url"),
  "base64 within other text": Buffer.from(`user:${text}:x`).toString("base64"),
  "base64 in a query": encodeURIComponent(Buffer.from(text).toString("base64")),
  hex: Buffer.from(text).toString("hex"),
  HEX: Buffer.from(text).toString("hex").toUpperCase(),
  "JSON within JSON": JSON.stringify(JSON.stringify({ text })),
  "escapes of JSON": [...text]
    .map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join(""),
});

test("a planted secret is found in every encoding that a log may have", () => {
  for (const [what, secret] of [
    ["a password", "correct horse battery staple"],
    ["a token", REFRESH],
    ["a token", JWT],
    ["TICKET_SECRET", "8_EOCRgpGXvXUXx_c7SG1v9rnoHKN-6Xn0P-vkQ_imo"],
    ["an email address", "somebody.else@example.org"],
    ["an address of a network", "203.0.113.77 is asking"],
  ]) {
    for (const [how, text] of Object.entries(encoded(secret))) {
      const line = `{"event":"request","path":"/x?q=${text}&page=2"}`;
      assert.ok(whatIn(line).includes(what), `${what}, ${how}: ${line}: ${whatIn(line)}`);
    }
  }
});

test("a part of a secret is found, wherever it is cut out", () => {
  /** @type {[string, string, number][]} */
  const secrets = [
    ["a password", "correct horse battery staple", 12],
    ["a token", REFRESH, 20],
    ["a token", JWT.split(".")[1], 20],
    ["a token", JWT.split(".")[2], 20],
    ["TICKET_SECRET", "8_EOCRgpGXvXUXx_c7SG1v9rnoHKN-6Xn0P-vkQ_imo", 20],
  ];
  for (const [what, secret, length] of secrets) {
    for (const at of [0, 1, 2, 3, 7, secret.length - length]) {
      const line = `{"event":"request","reason":"bad token ${secret.slice(at, at + length)}..."}`;
      assert.ok(whatIn(line).includes(what), `${what} from ${at}: ${line}`);
    }
  }
});

let folder;
before(() => (folder = mkdtempSync(join(tmpdir(), "edgegate-logs-"))));
after(() => rmSync(folder, { recursive: true, force: true }));

test("lines kept by one process are searched by the next, and an empty folder fails", () => {
  const said = [];
  const searched = (path) => searchFolder(path, (line) => said.push(line));
  assert.equal(searched(join(folder, "none")), 1);
  assert.match(said.at(-1), /too little to search/);

  const keep = (lines, name) => {
    const code = `import { keepLines, noteBody, noteSettings } from ${JSON.stringify(pathToFileURL(inRoot("tests/logs/keep.mjs")).href)};
      noteSettings({ SIGNING_KEYS: '{"keys":[{"d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}', TICKET_SECRET: "not-random-not-random-not-random", PEPPERS: "1:pepper-not-random-pepper-not-random", MAIL_API_KEY: "key-of-a-provider", TURNSTILE_SECRET: "secret-of-a-challenge" });
      noteBody({ password: "correct horse battery staple", refresh_token: ${JSON.stringify(REFRESH)} });
      keepLines(${JSON.stringify(lines)});`;
    execFileSync(process.execPath, ["--input-type=module", "-e", code], {
      env: { ...process.env, EDGEGATE_LOGS: join(folder, name), EDGEGATE_COUNTS: "" },
    });
    return searched(join(folder, name));
  };
  assert.equal(keep([], "empty"), 1);
  assert.equal(keep(['{"event":"cron"}'], "no requests"), 1);
  assert.equal(keep(CLEAN, "clean"), 0);
  assert.match(said.at(-1), /^2 lines .* 7 secrets .* 0 found$/);
  assert.equal(
    searchFolder(join(folder, "clean"), (line) => said.push(line), { requests: 2, secrets: 7 }),
    1,
    "fewer lines than there must be",
  );
  assert.equal(
    searchFolder(join(folder, "clean"), (line) => said.push(line), { requests: 1, secrets: 8 }),
    1,
    "fewer secrets than there must be",
  );
  for (const secret of [
    "A".repeat(43),
    "not-random-not-random-not-random",
    "pepper-not-random-pepper-not-random",
    "key-of-a-provider",
    "secret-of-a-challenge",
    "correct horse battery staple",
    REFRESH.slice(30),
  ]) {
    assert.equal(
      keep([...CLEAN, `{"event":"request","reason":"${secret}"}`], secret.slice(0, 20)),
      1,
      secret,
    );
  }
});

for (const [how, module] of [
  ["const worker = await startWorker(); const { stop } = worker;", "tests/e2e/harness.mjs"],
  ["const { workers: [worker], stop } = await startWorkers([{}]);", "tests/e2e/workers.mjs"],
  [
    "const worker = await startEdgegate(); const { stop } = worker; worker.fetch = (path, init) => fetch(worker.origin + path, init);",
    "tests/browser/edgegate.mjs",
  ],
]) {
  test(`what a Worker of ${module} prints is kept`, () => {
    const kept = join(folder, module.replaceAll("/", "-"));
    const code = `import * as module from ${JSON.stringify(pathToFileURL(inRoot(module)).href)};
      const { startWorker, startWorkers, startEdgegate } = module;
      ${how}
      const body = JSON.stringify({ email: "nobody@example.com", password: "a wrong guess" });
      const { status } = await worker.fetch("/auth/login", { method: "POST", headers: { "content-type": "application/json" }, body });
      await stop();
      if (status !== 401) throw new Error(String(status));
      process.exit();`;
    const program = `${kept}.mjs`;
    writeFileSync(program, code);
    execFileSync(node(), [program], {
      env: { ...toolEnv(), EDGEGATE_LOGS: kept },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const { lines, secrets } = readKept(kept);
    for (const event of ["request", "sign_in_failed"])
      assert.ok(
        lines.some((line) => line.includes(`"event":"${event}"`)),
        lines.join("\n"),
      );
    assert.ok(secrets.some(([what]) => what === "TICKET_SECRET"));
  });
}
