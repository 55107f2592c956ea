// Measures how long a new isolate takes until its first answer, and how long each part of the start
// of edgegate takes. None of the measured requests uses storage.
//
// `npm run bench:start -- --rounds 30` measures only the parts of edgegate's start.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { inRoot } from "../scripts/project/root.mjs";
import { firstAnswers } from "./new-isolates.mjs";
import { spread } from "./statistics.mjs";
import { bundleOf } from "./subjects/peers.mjs";
import { verifyingKey } from "./subjects/tokens.mjs";

const ISSUER = "https://auth.example.com";
const COMMON = { ISSUER, AUDIENCE: "edgegate" };
const CHECK = "/auth/authorized?role=user";
// The subjects check that these bindings exist, but never call them, so empty objects are enough.
const BINDINGS = Object.fromEntries(
  [
    "DB",
    "SESSIONS",
    "SESSION_OBJECTS",
    "ACCOUNT_OBJECTS",
    "MAIL_GATE_OBJECTS",
    "OAUTH_KV",
    "KV",
  ].map((name) => [name, {}]),
);
// better-auth checks which methods its database has, so it gets a database with empty methods.
const WITH_DATABASE = `
import worker from "./index.js";
const DB = { prepare() {}, batch() {}, exec() {} };
export default { fetch: (request, env, context) => worker.fetch(request, { ...env, DB }, context) };`;

/**
 * For each subject, the milliseconds of a cold start and how much they vary. The times include the
 * passing of the request from one isolate to another. The times of the empty Worker show how long
 * that takes alone.
 */
export async function coldStarts(keys, { rounds, log }) {
  log("cold start …");
  const answers = await firstAnswers(
    {
      "an empty Worker": { script: await bundleOf("empty-js"), env: {}, path: "/" },
      edgegate: edgegate(),
      jose: {
        script: await bundleOf("jose"),
        env: { ...COMMON, KEYS: JSON.stringify(Object.values(keys).map(verifyingKey)) },
        path: CHECK,
      },
      "hono/jwt": {
        script: await bundleOf("hono"),
        env: { ...COMMON, KEY: JSON.stringify(keys.HS256) },
        path: CHECK,
      },
      "better-auth": {
        script: await bundleOf("better-auth"),
        main: WITH_DATABASE,
        env: { ...BINDINGS, ORIGIN: ISSUER, SECRET: "0".repeat(64) },
        path: "/bench/by-jwt?role=user",
      },
      openauth: { script: await bundleOf("openauth"), env: BINDINGS, path: "/nothing" },
      "workers-oauth-provider": {
        script: await bundleOf("workers-oauth-provider"),
        env: BINDINGS,
        path: "/nothing",
      },
    },
    { rounds, origin: ISSUER },
  );
  return Object.fromEntries(
    Object.entries(answers).map(([name, { milliseconds, status }]) => [
      name,
      { milliseconds: spread(milliseconds), status, eachRound: { milliseconds } },
    ]),
  );
}

/** @returns {import("./new-isolates.mjs").Subject} */
function edgegate() {
  const signing = {
    ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }),
    kid: "bench",
  };
  const secrets = {
    SIGNING_KEYS: JSON.stringify({ keys: [signing] }),
    TICKET_SECRET: randomBytes(32).toString("base64url"),
  };
  return {
    script: readFileSync(inRoot("build/index.js"), "utf8"),
    wasm: readFileSync(inRoot("build/index_bg.wasm")),
    env: { ...BINDINGS, ...COMMON, ...secrets },
    path: CHECK,
  };
}

const ANSWER = 'export default { fetch: () => new Response("", { status: 401 }) };';
const WASM_HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** Replaces the global WebAssembly, so that the Worker's scripts run without the wasm. */
const STUB = `
globalThis.WebAssembly = {
  Instance: class {
    exports = { __wbindgen_start() {}, __wbindgen_externrefs: { grow: () => 0, set() {} } };
  },
};`;

/**
 * Measures the start of a new isolate of edgegate in parts. For each part, returns the spread
 * (median, smallest and largest value) of two times in milliseconds: the time to the first answer,
 * and the time for which workerd was busy (missing if the operating system does not provide it).
 */
export async function startsByPart({ rounds }) {
  const whole = edgegate();
  const { script, wasm, env, path } = whole;
  const compiled = `import wasm from "./index_bg.wasm"; globalThis.wasm = wasm; ${ANSWER}`;
  const loaded = `import * as worker from "./index.js"; globalThis.worker = worker; ${ANSWER}`;
  const answers = await firstAnswers(
    {
      "an empty Worker": { script: ANSWER, env, path },
      "as many bytes of wasm, without code": {
        script: compiled,
        wasm: emptyWasm(Number(wasm?.length)),
        env,
        path,
      },
      "its wasm, compiled": { script: compiled, wasm, env, path },
      "its scripts, run without the wasm": {
        script,
        main: `import "./stub.js"; ${loaded}`,
        more: { "stub.js": STUB },
        wasm: Uint8Array.from(WASM_HEAD),
        env,
        path,
      },
      "both, loaded": { script, main: loaded, wasm, env, path },
      "edgegate, a first check": whole,
    },
    { rounds, origin: ISSUER },
  );
  return Object.fromEntries(
    Object.entries(answers).map(([name, { milliseconds, processor }]) => [
      name,
      {
        milliseconds: spread(milliseconds),
        ...(processor.every((busy) => busy !== undefined) && { processor: spread(processor) }),
      },
    ]),
  );
}

/**
 * A wasm module of this length that contains no code: it has only a custom section, which engines
 * don't read.
 */
function emptyWasm(length) {
  const rest = length - WASM_HEAD.length - 4;
  const size = [(rest & 0x7f) | 0x80, ((rest >> 7) & 0x7f) | 0x80, (rest >> 14) & 0x7f];
  const bytes = new Uint8Array(length);
  bytes.set([...WASM_HEAD, 0, ...size]);
  return bytes;
}
