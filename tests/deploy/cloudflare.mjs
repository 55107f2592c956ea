// A replacement for the part of Cloudflare's API that a deploy calls. It stores what is uploaded.
// It runs the uploaded Worker in Miniflare, with the database to which the migrations were applied.
// A test can make it fail at a certain call.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_splitSqlQuery } from "wrangler";

export const ACCOUNT = "0123456789abcdef0123456789abcdef";
export const SUBDOMAIN = "acme";

/**
 * A call of the API. `kind` is the call's method and path, with placeholders instead of ids and
 * names.
 *
 * @typedef {{ method: string, path: string, kind: string, number: number }} Call
 */

/**
 * A fault in a call. "refuse": the call gets an error and has no effect. "lose": the call takes
 * effect, but its answer is lost. `undefined`: the call has no fault.
 *
 * @typedef {"refuse" | "lose" | undefined} Trouble
 */

/** @param {import("node:test").TestContext} t */
export async function startCloudflare(t) {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-cloudflare-"));
  const state = newState();
  /** @type {Call[]} */
  const calls = [];
  let trouble = /** @type {(call: Call) => Trouble | Promise<Trouble>} */ (() => undefined);
  const database = lazily(() => startDatabase(folder));
  const service = { running: /** @type {Miniflare | undefined} */ (undefined), of: 0 };

  /**
   * Returns the running Worker, or undefined if none has this name. Starts it first if it does not
   * run, or if there was an upload since its start.
   */
  async function running(name) {
    const script = state.scripts.get(name);
    if (!script) return undefined;
    if (service.of !== script.upload) {
      await service.running?.dispose();
      await database.end();
      service.running = await startWorker(folder, name, script);
      service.of = script.upload;
    }
    return service.running;
  }

  async function query(uuid, sql, params) {
    // Stop the Worker first, because only one process at a time can have the database open.
    await service.running?.dispose();
    Object.assign(service, { running: undefined, of: 0 });
    const db = await (await database.get()).getD1Database(uuid);
    const statements = unstable_splitSqlQuery(sql);
    const prepared = statements.map((text) => {
      const statement = db.prepare(text);
      return params?.length ? statement.bind(...params) : statement;
    });
    const results = prepared.length > 0 ? await db.batch(prepared) : [];
    return results.map(({ results, success, meta }) => ({ results, success, meta }));
  }

  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const url = new URL(request.url ?? "/", "http://stand-in");
    if (url.pathname.startsWith("/visit/")) return visit(url, request, body, response);
    const method = request.method ?? "GET";
    const call = { method, path: url.pathname, kind: kindOf(method, url), number: calls.length };
    calls.push(call);
    const what = await trouble(call);
    const [status, answer] =
      what === "refuse"
        ? refused()
        : await answerTo({ state, call, url, body, type: request.headers["content-type"], query });
    if (what === "lose") return request.socket.destroy();
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

  /** Sends a request to the deployed service, as anybody on the internet could. */
  async function ask(url, init) {
    const { hostname, pathname } = new URL(url);
    const name = hostname.split(".")[0];
    if (hostname !== `${name}.${SUBDOMAIN}.workers.dev` || !state.subdomains.get(name)?.enabled)
      return new Response("There is nothing here yet", { status: 404 });
    const worker = await running(name);
    if (!worker) return new Response("There is nothing here yet", { status: 404 });
    void pathname;
    return worker.dispatchFetch(url, init);
  }

  // The command `edgegate` sends requests to the service's public address. redirect.mjs redirects
  // these requests to this server.
  async function visit(url, request, body, response) {
    const answer = await ask(`https://${url.pathname.slice("/visit/".length)}${url.search}`, {
      method: request.method,
      headers: { "content-type": request.headers["content-type"] ?? "", ...bearer(request) },
      ...(body.length > 0 ? { body } : {}),
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await service.running?.dispose();
    await database.end();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    state,
    calls,
    ask,
    query,
    /** Sets the function that decides, from now on, which fault each call has. */
    setTrouble(/** @type {typeof trouble} */ next) {
      trouble = next;
    },
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}`,
      CLOUDFLARE_API_TOKEN: "token-of-the-stand-in",
      CLOUDFLARE_ACCOUNT_ID: "",
      EDGEGATE_STAND_IN: `http://127.0.0.1:${port}/visit/`,
    },
  };
}

/** @param {AsyncIterable<Buffer>} request */
async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const bearer = ({ headers }) =>
  headers.authorization ? { authorization: headers.authorization } : {};

/** @typedef {ReturnType<typeof newState>} State */

/**
 * An uploaded Worker. `upload` is the number of the upload.
 *
 * @typedef {object} Script
 * @property {number} upload
 * @property {any[]} bindings
 * @property {Record<string, any>} metadata
 * @property {{ name: string, type: string, content: Buffer }[]} modules
 * @property {Map<string, Buffer>} assets
 */

function newState() {
  return {
    /** @type {Map<string, Script>} */
    scripts: new Map(),
    /** @type {{ uuid: string, name: string }[]} */
    databases: [],
    /** @type {{ id: string, title: string }[]} */
    namespaces: [],
    /** @type {{ queue_id: string, queue_name: string, consumers: any[] }[]} */
    queues: [],
    /** @type {Map<string, { enabled: boolean, previews_enabled: boolean }>} */
    subdomains: new Map(),
    /** @type {Map<string, { cron: string }[]>} */
    schedules: new Map(),
    /** The contents of the asset files. The key is the hash of the file. */
    /** @type {Map<string, Buffer>} */
    files: new Map(),
    /** @type {Record<string, { hash: string }>} */
    manifest: {},
    hasSubdomain: true,
    /** For each secret, every value that it has ever had. */
    /** @type {Map<string, Set<string>>} */
    secrets: new Map(),
    uploads: 0,
    ids: 0,
  };
}

const success = (result, more = {}) =>
  /** @type {const} */ ([200, { success: true, errors: [], messages: [], result, ...more }]);
const failure = (status, code, message) =>
  /** @type {const} */ ([
    status,
    { success: false, errors: [{ code, message }], messages: [], result: null },
  ]);
const refused = () => failure(400, 10001, "the stand-in fails here");
const noWorker = () => failure(404, 10007, "This Worker does not exist on your account.");

const SCRIPT = /^\/accounts\/[^/]+\/workers\/scripts\/([^/]+)/;

/**
 * @param {string} method
 * @param {URL} url
 */
const kindOf = (method, { pathname }) =>
  `${method} ${pathname
    .replace(/^\/accounts\/[^/]+/, "")
    .replace(/^\/workers\/(scripts|services|workers)\/[^/]+/, "/workers/$1/:name")
    .replace(/\/[0-9a-f-]{32,}/g, "/:id")
    .replace(/\/d1\/database\/[^/]+/, "/d1/database/:id")}`;

/** Answers a call with the entry of the table below that belongs to it. */
async function answerTo({ state, call: { kind }, url, body, type, query }) {
  const json = () => JSON.parse(body.toString() || "{}");
  const name = SCRIPT.exec(url.pathname)?.[1] ?? "";
  const script = state.scripts.get(name);
  const id = () => (++state.ids).toString(16).padStart(32, "0");
  const paged = (list) =>
    success(list, {
      result_info: { total_count: list.length, count: list.length, page: 1, per_page: 100 },
    });
  const last = url.pathname.split("/").at(-1) ?? "";
  /** @type {Record<string, () => any>} */
  const table = {
    "GET /accounts": () => success([{ id: ACCOUNT, name: "Acme" }]),
    "GET ": () => success({ id: ACCOUNT, name: "Acme" }),
    "GET /workers/services/:name": () =>
      state.scripts.has(last)
        ? success({
            id: last,
            default_environment: {
              environment: "production",
              script: { id: last, last_deployed_from: "wrangler", etag: "e", tags: [] },
            },
          })
        : failure(404, 10090, "workers.api.error.service_not_found"),
    "GET /workers/scripts/:name/secrets": () =>
      script
        ? success(
            script.bindings
              .filter((binding) => binding.type === "secret_text")
              .map((binding) => ({ name: binding.name, type: binding.type })),
          )
        : noWorker(),
    "GET /workers/scripts/:name/settings": () =>
      script
        ? success({
            bindings: script.bindings.map(({ text, ...binding }) =>
              binding.type === "secret_text" ? binding : { ...binding, text },
            ),
            compatibility_date: script.metadata.compatibility_date,
          })
        : noWorker(),
    "GET /workers/scripts/:name/bindings": () => (script ? success(script.bindings) : noWorker()),
    "GET /workers/scripts": () => success([...state.scripts.keys()].map((key) => ({ id: key }))),
    "GET /workers/scripts/:name/deployments": () => success({ deployments: [] }),
    "POST /workers/scripts/:name/deployments": () => success({ id: id() }),
    "GET /workers/scripts/:name/versions": () => success({ items: [] }),
    "GET /workers/subdomain": () =>
      state.hasSubdomain
        ? success({ subdomain: SUBDOMAIN })
        : failure(404, 10063, "no workers.dev subdomain"),
    "GET /workers/scripts/:name/subdomain": () =>
      success(state.subdomains.get(name) ?? { enabled: false, previews_enabled: false }),
    "POST /workers/scripts/:name/subdomain": () => {
      state.subdomains.set(name, json());
      return success(json());
    },
    "GET /workers/workers/:name": () =>
      state.scripts.has(last)
        ? success({
            id: last,
            name: last,
            subdomain: { enabled: false, previews_enabled: false, ...state.subdomains.get(last) },
          })
        : noWorker(),
    "PUT /workers/scripts/:name/schedules": () => {
      state.schedules.set(name, json());
      return success({ schedules: json() });
    },
    "PATCH /workers/scripts/:name/script-settings": () => success({}),
    "POST /workers/scripts/:name/assets-upload-session": () => {
      state.manifest = json().manifest;
      const hashes = Object.values(state.manifest).map(({ hash }) => hash);
      return success({ jwt: "a.b.c", buckets: [[...new Set(hashes)]] });
    },
    "POST /workers/assets/upload": async () => {
      const form = await formOf(body, type);
      for (const [hash, file] of form)
        state.files.set(hash, Buffer.from(await textOf(file), "base64"));
      return [201, { success: true, errors: [], messages: [], result: { jwt: "completed.a.b" } }];
    },
    "PUT /workers/scripts/:name": () => upload(state, name, body, type),
    "POST /workers/scripts/:name/versions": () => upload(state, name, body, type),
    "PUT /workers/scripts/:name/secrets": () => {
      if (!script) return noWorker();
      store(state, script, json());
      return success({ name: json().name, type: "secret_text" });
    },
    "PATCH /workers/scripts/:name/secrets-bulk": () => {
      if (!script) return noWorker();
      for (const [key, secret] of Object.entries(json().secrets ?? {}))
        store(state, script, { name: key, text: secret.text });
      script.upload = ++state.uploads;
      return success({});
    },
    "GET /d1/database": () => {
      const wanted = url.searchParams.get("name");
      return paged(state.databases.filter((database) => !wanted || database.name === wanted));
    },
    "POST /d1/database": () => {
      const { name: wanted } = json();
      if (state.databases.some((database) => database.name === wanted))
        return failure(400, 7502, "database with name already exists");
      const database = { uuid: uuidOf(state), name: wanted };
      state.databases.push(database);
      return success({ ...database, version: "production" });
    },
    "GET /d1/database/:id": () => {
      const found = state.databases.find(({ uuid, name: named }) => [uuid, named].includes(last));
      return found
        ? success({ ...found, version: "production", num_tables: 0, file_size: 1 })
        : failure(404, 7404, "no such database");
    },
    "POST /d1/database/:id/query": async () => {
      const { sql, params } = json();
      const uuid = url.pathname.split("/").at(-2) ?? "";
      try {
        return success(await query(uuid, sql, params));
      } catch (error) {
        return failure(400, 7500, /** @type {Error} */ (error).message);
      }
    },
    "GET /storage/kv/namespaces": () => paged(state.namespaces),
    "POST /storage/kv/namespaces": () => {
      const { title } = json();
      if (state.namespaces.some((namespace) => namespace.title === title))
        return failure(400, 10014, "a namespace with this title already exists");
      const namespace = { id: id(), title };
      state.namespaces.push(namespace);
      return success(namespace);
    },
    "GET /queues": () => {
      const wanted = url.searchParams.getAll("name");
      return paged(
        state.queues
          .filter(({ queue_name }) => wanted.length === 0 || wanted.includes(queue_name))
          .map((queue) => ({ ...queue, consumers_total_count: queue.consumers.length })),
      );
    },
    "POST /queues": () => {
      const { queue_name } = json();
      if (state.queues.some((queue) => queue.queue_name === queue_name))
        return failure(409, 11009, "Queue name already taken");
      const queue = { queue_id: id(), queue_name, producers: [], consumers: [], settings: {} };
      state.queues.push(queue);
      return success(queue);
    },
    "GET /queues/:id/consumers": () => success(queueOf(state, url)?.consumers ?? []),
    "POST /queues/:id/consumers": () => {
      const queue = queueOf(state, url);
      const { script_name } = json();
      if (!queue || queue.consumers.length > 0)
        return failure(400, 11004, "Queue already has a consumer");
      const consumer = { consumer_id: id(), type: "worker", script: script_name, ...json() };
      queue.consumers.push(consumer);
      return success(consumer);
    },
    "PUT /queues/:id/consumers/:id": () => success(json()),
    "GET /user/tokens/verify": () => success({ id: "t", status: "active" }),
    "GET /user": () => success({ id: "u", email: "operator@example.com" }),
    "GET /memberships": () => success([{ id: "m", account: { id: ACCOUNT, name: "Acme" } }]),
  };
  return table[kind]?.() ?? failure(404, 7003, `the stand-in does not know ${kind}`);
}

const uuidOf = (state) => `00000000-0000-4000-8000-${(++state.ids).toString(16).padStart(12, "0")}`;
const queueOf = (state, url) =>
  state.queues.find(({ queue_id }) => url.pathname.includes(`/queues/${queue_id}/`));
const textOf = async (value) => (typeof value === "string" ? value : await value.text());

/**
 * @param {Buffer} body
 * @param {string | undefined} type
 */
const formOf = (body, type) =>
  new Response(new Uint8Array(body), { headers: { "content-type": type ?? "" } }).formData();

/** Sets a secret of a Worker. `state.secrets` also contains the earlier values of the secret. */
function store(state, script, { name, text }) {
  const values = state.secrets.get(name) ?? new Set();
  state.secrets.set(name, values.add(text));
  const binding = { type: "secret_text", name, text };
  script.bindings = [...script.bindings.filter((other) => other.name !== name), binding];
}

/**
 * Uploads a Worker, either completely or not at all. Secrets that the upload does not name stay
 * unchanged.
 */
async function upload(state, name, body, type) {
  const form = await formOf(body, type);
  const metadata = JSON.parse(await textOf(form.get("metadata")));
  const before = state.scripts.get(name)?.bindings ?? [];
  const find = (wanted) => before.find((binding) => binding.name === wanted);
  const missing = metadata.bindings.filter(
    (binding) => binding.type === "inherit" && !find(binding.name),
  );
  if (missing.length > 0)
    return failure(400, 10057, `inherit binding '${missing[0].name}' is invalid`);
  const modules = await Promise.all(
    [...form]
      .filter(([, part]) => typeof part !== "string")
      .map(async ([path, part]) => ({
        name: path,
        type: /** @type {File} */ (part).type,
        content: Buffer.from(await /** @type {File} */ (part).arrayBuffer()),
      })),
  );
  const bindings = metadata.bindings.map((binding) =>
    binding.type === "inherit" ? find(binding.name) : binding,
  );
  const kept = before.filter(
    (binding) =>
      binding.type === "secret_text" && !bindings.some((other) => other.name === binding.name),
  );
  const assets = new Map(
    Object.entries(state.manifest).map(([path, { hash }]) => [path, state.files.get(hash)]),
  );
  const script = {
    ...{ upload: ++state.uploads, metadata, assets },
    bindings: [...bindings, ...kept],
    modules: modules.filter(({ type }) => !type.includes("source-map")),
  };
  state.scripts.set(name, script);
  for (const binding of bindings) if (binding.type === "secret_text") store(state, script, binding);
  return success({
    id: name,
    number: state.uploads,
    etag: "e",
    version_id: `v${state.uploads}`,
    deployment_id: "d",
    startup_time_ms: 5,
    metadata: { has_preview: false },
    resources: { script: { etag: "e", last_deployed_from: "wrangler" }, bindings: [] },
  });
}

function lazily(start) {
  let begun;
  return {
    get: () => (begun ??= start()),
    async end() {
      const started = await begun;
      begun = undefined;
      await started?.dispose();
    },
  };
}

const EMPTY = [{ type: "ESModule", path: "index.js", contents: "export default {}" }];

/** Runs an empty Worker with the databases. The migrations are applied to these databases. */
const startDatabase = (folder) =>
  start(folder, {
    name: "database",
    modules: EMPTY,
    compatibilityDate: "2026-10-23",
    d1Databases: Object.fromEntries(databaseIds().map((uuid) => [uuid, uuid])),
  });

/** Returns the first 64 ids of `uuidOf`. Miniflare must know a database's id when it starts. */
const databaseIds = () =>
  Array.from(
    { length: 64 },
    (_, n) => `00000000-0000-4000-8000-${(n + 1).toString(16).padStart(12, "0")}`,
  );

async function start(folder, worker) {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      handleStructuredLogs() {},
      resourcePersistencePath: join(folder, "state"),
      workers: [worker],
    }),
  );
  await miniflare.ready;
  return miniflare;
}

/** Runs an uploaded Worker. */
function startWorker(folder, name, { bindings, metadata, modules, assets }) {
  const directory = join(folder, "assets");
  rmSync(directory, { recursive: true, force: true });
  for (const [path, content] of assets) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  const of = (type) => bindings.filter((binding) => binding.type === type);
  const pairs = (list, value) => Object.fromEntries(list.map((each) => [each.name, value(each)]));
  return start(folder, {
    name,
    modules: modules
      .toSorted((a) => (a.name === metadata.main_module ? -1 : 0))
      .map(({ name: path, type, content }) => ({
        type: type === "application/wasm" ? "CompiledWasm" : "ESModule",
        path,
        contents: type === "application/wasm" ? new Uint8Array(content) : content.toString(),
      })),
    compatibilityDate: metadata.compatibility_date,
    bindings: pairs([...of("plain_text"), ...of("secret_text")], ({ text }) => text),
    d1Databases: pairs(of("d1"), ({ id, database_id }) => database_id ?? id),
    kvNamespaces: pairs(of("kv_namespace"), ({ namespace_id }) => namespace_id),
    durableObjects: pairs(of("durable_object_namespace"), ({ class_name }) => ({
      className: class_name,
      useSQLite: true,
    })),
    queueProducers: pairs(of("queue"), ({ queue_name }) => ({ queueName: queue_name })),
    ratelimits: pairs(of("ratelimit"), ({ namespace_id, simple }) => ({ namespace_id, simple })),
    ...(of("assets").length > 0
      ? {
          assets: {
            directory,
            binding: of("assets")[0].name,
            routerConfig: {
              has_user_worker: true,
              static_routing: { user_worker: metadata.assets?.config?.run_worker_first },
            },
          },
        }
      : {}),
  });
}
