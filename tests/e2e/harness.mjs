// Starts the Worker for an e2e test in workerd, the runtime of Cloudflare Workers. Each test has
// its own storage, which is deleted afterwards.
//
//   const edge = await startWorker({ vars: { ROTATE_AFTER: "0" } });
//   const answer = await edge.fetch("/auth/login", { method: "POST", … });
//   await edge.reset();   // empty storage, migrations applied
//   await edge.stop();
//
// When the Worker sends a request, for example to a mail provider, the request goes through the
// globalThis.fetch of this process. A test can replace this function.
import { existsSync, readdirSync } from "node:fs";
import { prebuiltWorker } from "../../scripts/project/prebuilt-worker.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { keepLines, noteSettings } from "../logs/keep.mjs";

// The tests need no network: don't fetch a sample of `request.cf`, and don't send telemetry.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
process.env.WRANGLER_SEND_METRICS ??= "false";
process.env.WRANGLER_WRITE_LOGS ??= "false";

/**
 * Settings that override wrangler.toml in every test: the issuer's address, and no rate limits.
 * With rate limits, a test would fail if it logged one user in more than ten times in a minute.
 */
export const TEST_VARS = { ISSUER: "http://127.0.0.1:8787", LIMITS: "off" };

/**
 * These secrets are public, so a test can create and read tokens itself. Never use these secrets
 * elsewhere.
 */
export const TEST_SECRETS = {
  DEV: "1",
  SIGNING_KEYS: JSON.stringify({
    keys: [
      {
        kty: "OKP",
        crv: "Ed25519",
        x: "4DOvLndIV4f7-1iCPMZUsiEtdlbcssNzNu9lOPkMF4Q",
        d: "X7M-P0tqjYrcrpjLIm8_S3Fslf4ZtMuxLG3Hp9zreOg",
        kid: "K_girABbQi0X4YyMI5Ml66s8-087A0DnTnKLbYKMnYU",
        alg: "EdDSA",
        use: "sig",
      },
    ],
  }),
  TICKET_SECRET: "8_EOCRgpGXvXUXx_c7SG1v9rnoHKN-6Xn0P-vkQ_imo",
};

/**
 * Starts a Worker. `vars` and `secrets` override TEST_VARS, TEST_SECRETS and the values of
 * wrangler.toml. A value of `undefined` removes an entry of TEST_VARS or TEST_SECRETS. `others` are
 * configurations of further Workers that run at the same time.
 *
 * - `fetch(path, init)`: sends a request to the server, which also serves the static assets. A path
 *   is resolved against ISSUER. A complete URL is used unchanged.
 * - `worker`: the Worker itself. Its `fetch` bypasses the assets, and its `scheduled` runs the cron
 *   job.
 * - `kv`, `db`, `env`: the bindings SESSIONS and DB, and all bindings. A test can use them to read
 *   and change what is stored. A reset replaces the bindings, so read these three members again
 *   afterwards.
 * - `logs()`: returns what the Worker has logged.
 *
 * @param {{
 *   vars?: Record<string, unknown>, secrets?: Record<string, string | undefined>, others?: object[]
 * }} [options]
 */
export async function startWorker({ vars = {}, secrets = {}, others = [] } = {}) {
  const [configPath, { createTestHarness }] = await Promise.all([
    prebuiltWorker(),
    import("wrangler"),
  ]);
  const allVars = withoutUndefined({ ...TEST_VARS, ...vars });
  const allSecrets = withoutUndefined({ ...TEST_SECRETS, ...secrets });
  noteSettings(allSecrets);
  const server = createTestHarness({
    root: inRoot(),
    workers: [
      { configPath, vars: allVars, secrets: allSecrets },
      ...others.map((config) => ({ config })),
    ],
  });
  let env;
  const keep = () => keepLines(server.getLogs().map(({ message }) => message));
  const prepare = async () => {
    const worker = server.getWorker();
    env = await worker.getEnv();
    if (hasMigrations()) await worker.applyD1Migrations("DB");
  };
  await server.listen();
  try {
    await prepare();
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    origin: allVars.ISSUER,
    fetch: (path, init) => server.fetch(new URL(path, allVars.ISSUER), init),
    get worker() {
      return server.getWorker();
    },
    /** The Worker of this name among `others`. */
    other: (name) => server.getWorker(name),
    get env() {
      return env;
    },
    get kv() {
      return env.SESSIONS;
    },
    get db() {
      return env.DB;
    },
    logs: () => server.getLogs(),
    async reset() {
      keep();
      await server.reset();
      await prepare();
    },
    stop() {
      keep();
      return server.close();
    },
  };
}

export const withoutUndefined = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const hasMigrations = () =>
  existsSync(inRoot("migrations")) &&
  readdirSync(inRoot("migrations")).some((name) => name.endsWith(".sql"));
