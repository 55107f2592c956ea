// How long a new isolate takes until its first answer. A Worker loads each subject's script anew,
// as a dynamic Worker with another name, and passes a request on to it. None of these requests uses
// storage.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { inRoot } from "../scripts/project/root.mjs";
import { spread } from "./statistics.mjs";
import { bundleOf } from "./subjects/peers.mjs";
import { verifyingKey } from "./subjects/tokens.mjs";
import { start } from "./workers.mjs";

const ISSUER = "https://auth.example.com";
// better-auth checks what its database supports.
const WITH_DATABASE = `
import worker from "./index.js";
const DB = { prepare() {}, batch() {}, exec() {} };
export default { fetch: (request, env, context) => worker.fetch(request, { ...env, DB }, context) };`;

const LOADER = `
import text from "scripts.json";
import wasm from "edgegate.wasm.bin";
const scripts = JSON.parse(text);
let loaded = 0;
export default {
  fetch(request, { LOADER }) {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const { script, around, env, path } = scripts[name];
    const modules = { "index.js": script, ...(around && { "around.js": around }), ...(name === "edgegate" && { "index_bg.wasm": { wasm } }) };
    const mainModule = around ? "around.js" : "index.js";
    const options = { compatibilityDate: "2026-10-23", compatibilityFlags: ["nodejs_compat"], mainModule, modules, env };
    return LOADER.get(name + loaded++, () => options).getEntrypoint().fetch(new Request("${ISSUER}" + path));
  },
};`;

/**
 * The spread of milliseconds for each subject. It includes passing the request to another isolate:
 * see the empty Worker's times.
 */
export async function coldStarts(keys, { rounds, log }) {
  log("cold start …");
  const CHECK = "/auth/authorized?role=user";
  // The subjects check that these exist, but never call them.
  const bindings = Object.fromEntries(
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
  const common = { ISSUER, AUDIENCE: "edgegate" };
  const signing = {
    ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }),
    kid: "bench",
  };
  const secrets = {
    SIGNING_KEYS: JSON.stringify({ keys: [signing] }),
    TICKET_SECRET: randomBytes(32).toString("base64url"),
  };
  const edgegate = { ...bindings, ...common, ...secrets };
  const scripts = {
    "an empty Worker": { script: await bundleOf("empty-js"), env: {}, path: "/" },
    edgegate: {
      script: readFileSync(inRoot("build/index.js"), "utf8"),
      env: edgegate,
      path: CHECK,
    },
    jose: {
      script: await bundleOf("jose"),
      env: { ...common, KEYS: JSON.stringify(Object.values(keys).map(verifyingKey)) },
      path: CHECK,
    },
    "hono/jwt": {
      script: await bundleOf("hono"),
      env: { ...common, KEY: JSON.stringify(keys.HS256) },
      path: CHECK,
    },
    "better-auth": {
      script: await bundleOf("better-auth"),
      around: WITH_DATABASE,
      env: { ...bindings, ORIGIN: ISSUER, SECRET: "0".repeat(64) },
      path: "/bench/by-jwt?role=user",
    },
    openauth: { script: await bundleOf("openauth"), env: bindings, path: "/nothing" },
    "workers-oauth-provider": {
      script: await bundleOf("workers-oauth-provider"),
      env: bindings,
      path: "/nothing",
    },
  };
  const modules = [
    { type: "ESModule", path: "index.js", contents: LOADER },
    { type: "Text", path: "scripts.json", contents: JSON.stringify(scripts) },
    {
      type: "Data",
      path: "edgegate.wasm.bin",
      contents: readFileSync(inRoot("build/index_bg.wasm")),
    },
  ];
  const { url, stop } = await start(LOADER, { modules, workerLoaders: { LOADER: {} } });
  /** @type {Record<string, number[]>} */
  const found = Object.fromEntries(Object.keys(scripts).map((name) => [name, []]));
  const statuses = {};
  try {
    for (let round = -1; round < rounds; round++) {
      for (const name of Object.keys(scripts)) {
        const begun = performance.now();
        const answer = await fetch(new URL(encodeURIComponent(name), url));
        const text = await answer.text();
        const took = performance.now() - begun;
        if (answer.status >= 500)
          throw new Error(`${name} answers ${answer.status}: ${text.slice(0, 300)}`);
        statuses[name] = answer.status;
        // The first run of each warms up the compiler.
        if (round >= 0) found[name].push(took);
      }
    }
  } finally {
    await stop();
  }
  return Object.fromEntries(
    Object.entries(found).map(([name, times]) => [
      name,
      {
        milliseconds: spread(times),
        status: statuses[name],
        eachRound: { milliseconds: times },
      },
    ]),
  );
}
