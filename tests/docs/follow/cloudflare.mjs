// A replacement for the part of Cloudflare's API that wrangler calls when a reader follows
// docs/deploy.md. Everything is stored in memory, and Node's SQLite replaces D1. The test with this
// replacement shows that the commands of the document work in the order of the document. It does
// not show that Cloudflare accepts them.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";

const ACCOUNT = "a".repeat(32);
const SUBDOMAIN = { enabled: true, previews_enabled: false };
const newId = () => randomBytes(16).toString("hex");

/** An error with which the API answers. */
class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}
const found = (value, what, code = 10007) => {
  if (value === undefined) throw new Refusal(404, code, `there is no such ${what}`);
  return value;
};

/** Runs one or more SQL statements. Returns no rows. */
function run(file, sql) {
  file.exec(sql);
  return [];
}

/**
 * The part of the API that belongs to one account. Each route consists of a method, a path below
 * the account, and a function that answers.
 */
function makeAccount(address) {
  const workers = new Map();
  const queues = new Map();
  const namespaces = new Map();
  const values = new Map();
  const databases = new Map();
  const worker = (name) => found(workers.get(name), "Worker");
  const queueOf = (id) =>
    found(
      [...queues.values()].find(({ queue_id }) => queue_id === id),
      "queue",
    );
  const database = (id) =>
    found(
      [...databases.values()].find(({ uuid, name }) => uuid === id || name === id),
      "database",
      7404,
    );
  const page = (list) => ({
    result: list,
    result_info: { total_count: list.length, count: list.length, page: 1, per_page: 100 },
  });
  const bindingsOf = (name) => worker(name).bindings.map(({ text: _secret, ...shown }) => shown);

  function upload(name, body) {
    const [, json] = /name="metadata"[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(body) ?? [];
    const { bindings, migrations } = JSON.parse(json);
    const before = workers.get(name);
    const own = bindings.filter(({ type }) => type !== "inherit");
    // After an upload the Worker still has its secrets. It also still has the bindings that the
    // upload inherits from the previous version.
    const kept = (before?.bindings ?? []).filter(
      (one) =>
        !own.some(({ name }) => name === one.name) &&
        (one.type === "secret_text" || bindings.some(({ name }) => name === one.name)),
    );
    workers.set(name, { bindings: [...own, ...kept], tag: migrations?.new_tag ?? before?.tag });
    return {
      id: name,
      number: 1,
      version_id: newId(),
      startup_time_ms: 5,
      entry_point: "index.js",
      deployment_id: newId(),
      metadata: {},
      resources: { bindings: [], script: {}, script_runtime: {} },
    };
  }
  function query(id, body) {
    const { sql, params = [] } = JSON.parse(body);
    const { file } = database(id);
    const isOne = !/;\s*\S/.test(sql.replace(/--.*$/gm, ""));
    const results = isOne ? file.prepare(sql).all(...params) : run(file, sql);
    return [
      { results, success: true, meta: { duration: 1, changes: 0, rows_read: 0, rows_written: 0 } },
    ];
  }
  const service = (name) => ({
    id: name,
    default_environment: {
      environment: "production",
      script: {
        id: name,
        tag: "t",
        tags: [],
        etag: "e",
        migration_tag: worker(name).tag,
        last_deployed_from: "wrangler",
      },
    },
  });
  function add(map, name, value, problem) {
    if (map.has(name)) throw new Refusal(400, 10014, problem);
    map.set(name, value);
    return value;
  }
  const shown = ({ file: _file, ...rest }) => ({
    ...rest,
    version: "production",
    num_tables: 0,
    file_size: 1,
  });
  const consumer = (id, body) => {
    const { queue_id: _id, ...given } = JSON.parse(body || "{}");
    const made = { consumer_id: newId(), type: "worker", ...given, script: given.script_name };
    queueOf(id).consumers.push(made);
    return made;
  };

  /** @type {[string, RegExp, (names: string[], body: string, search: URLSearchParams) => any][]} */
  const rows = [
    ["GET", /^$/, () => ({ id: ACCOUNT, name: "Reader" })],
    ["GET", /^\/workers\/services\/([^/]+)$/, ([name]) => service(name)],
    [
      "GET",
      /^\/workers\/scripts$/,
      () => [...workers].map(([id, { tag }]) => ({ id, migration_tag: tag })),
    ],
    ["GET", /^\/workers\/scripts\/([^/]+)\/bindings$/, ([name]) => bindingsOf(name)],
    [
      "GET",
      /^\/workers\/scripts\/([^/]+)\/settings$/,
      ([name]) => ({ bindings: bindingsOf(name) }),
    ],
    [
      "GET",
      /^\/workers\/scripts\/([^/]+)\/secrets$/,
      ([name]) => bindingsOf(name).filter(({ type }) => type === "secret_text"),
    ],
    ["PATCH", /^\/workers\/scripts\/([^/]+)\/script-settings$/, () => ({})],
    ["PUT", /^\/workers\/scripts\/([^/]+)$/, ([name], body) => upload(name, body)],
    ["POST", /^\/workers\/scripts\/([^/]+)\/versions$/, ([name], body) => upload(name, body)],
    [
      "POST",
      /^\/workers\/scripts\/([^/]+)\/assets-upload-session$/,
      (_, body) => ({
        jwt: "a.b.c",
        buckets: [Object.values(JSON.parse(body).manifest).map(({ hash }) => hash)],
      }),
    ],
    ["POST", /^\/workers\/assets\/upload$/, () => ({ jwt: "d.e.f" })],
    ["GET", /^\/workers\/scripts\/([^/]+)\/deployments$/, () => ({ deployments: [] })],
    ["POST", /^\/workers\/scripts\/([^/]+)\/deployments$/, () => ({ id: newId() })],
    ["GET", /^\/workers\/scripts\/([^/]+)\/versions$/, () => ({ items: [] })],
    [
      "GET",
      /^\/workers\/workers\/([^/]+)$/,
      ([name]) => ({ id: name, name, ...worker(name), subdomain: SUBDOMAIN }),
    ],
    ["GET", /^\/workers\/subdomain$/, () => ({ subdomain: "reader" })],
    ["GET", /^\/workers\/scripts\/([^/]+)\/subdomain$/, () => SUBDOMAIN],
    ["POST", /^\/workers\/scripts\/([^/]+)\/subdomain$/, (_, body) => JSON.parse(body)],
    ["PUT", /^\/workers\/scripts\/([^/]+)\/schedules$/, () => ({ schedules: [] })],
    ["GET", /^\/(workers\/)?(domains|routes).*$/, () => []],
    [
      "GET",
      /^\/queues$/,
      (_, _body, search) =>
        page(
          [...queues.values()].filter(
            ({ queue_name }) =>
              search.getAll("name").length === 0 || search.getAll("name").includes(queue_name),
          ),
        ),
    ],
    [
      "POST",
      /^\/queues$/,
      (_, body) => {
        const { queue_name } = JSON.parse(body);
        const made = { queue_id: newId(), queue_name, producers: [], consumers: [], settings: {} };
        return add(queues, queue_name, made, "queue name already taken");
      },
    ],
    ["GET", /^\/queues\/([^/]+)\/consumers$/, ([id]) => queueOf(id).consumers],
    ["POST", /^\/queues\/([^/]+)\/consumers$/, ([id], body) => consumer(id, body)],
    ["PUT", /^\/queues\/([^/]+)\/consumers\/[^/]+$/, ([id], body) => consumer(id, body)],
    ["GET", /^\/storage\/kv\/namespaces$/, () => page([...namespaces.values()])],
    [
      "POST",
      /^\/storage\/kv\/namespaces$/,
      (_, body) => {
        const { title } = JSON.parse(body);
        return add(namespaces, title, { id: newId(), title }, "a namespace with this title exists");
      },
    ],
    [
      "PUT",
      /^\/storage\/kv\/namespaces\/([^/]+)\/values\/(.+)$/,
      ([id, key], body) => values.set(`${id}/${key}`, body) && {},
    ],
    ["PUT", /^\/storage\/kv\/namespaces\/([^/]+)\/bulk$/, () => ({ successful_key_count: 1 })],
    [
      "GET",
      /^\/d1\/database$/,
      (_, _body, search) =>
        page(
          [...databases.values()]
            .filter(({ name }) => !search.get("name") || name === search.get("name"))
            .map(shown),
        ),
    ],
    [
      "POST",
      /^\/d1\/database$/,
      (_, body) => {
        const { name } = JSON.parse(body);
        const made = { uuid: newId(), name, file: new DatabaseSync(":memory:") };
        return shown(add(databases, name, made, "a database with this name exists"));
      },
    ],
    ["GET", /^\/d1\/database\/([^/]+)$/, ([id]) => shown(database(id))],
    ["POST", /^\/d1\/database\/([^/]+)\/(?:query|raw)$/, ([id], body) => query(id, body)],
  ];
  const account = `/accounts/${ACCOUNT}`;
  const answer = (method, { pathname, searchParams }, body) => {
    if (pathname === "/user") return { id: "u", email: "reader@example.com" };
    if (pathname === "/user/tokens/verify") return { id: "t", status: "active" };
    if (pathname === "/memberships") return [{ id: "m", account: { id: ACCOUNT, name: "Reader" } }];
    const path = pathname.slice(account.length);
    for (const [of, pattern, reply] of rows) {
      const match = of === method && pathname.startsWith(account) ? pattern.exec(path) : null;
      if (match) return reply(match.slice(1).map(decodeURIComponent), body, searchParams);
    }
    throw new Refusal(404, 7003, `the stand-in does not know ${method} ${pathname} (${address()})`);
  };
  return { answer };
}

/**
 * Returns the answer of the deployed service to a health check or to the creation of an
 * administrator.
 */
const serviceAnswer = (method) =>
  method === "POST"
    ? [201, { invitation: { link: "https://auth.example.com/reset-password#egl_", expires_at: 0 } }]
    : [200, { status: "ok" }];

/**
 * Starts the stand-in.
 *
 * - `env`: environment variables with which wrangler and the command `edgegate` call this server
 *   instead of Cloudflare and the deployed service.
 */
export async function startCloudflare() {
  let url = "";
  const { answer } = makeAccount(() => url);
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const asked = new URL(request.url ?? "/", url);
      const [status, body] = asked.pathname.startsWith("/visit/")
        ? serviceAnswer(request.method)
        : answered(() => answer(request.method, asked, Buffer.concat(chunks).toString("latin1")));
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  url = `http://127.0.0.1:${address.port}`;
  return {
    env: {
      CLOUDFLARE_API_BASE_URL: url,
      NODE_OPTIONS: `--import=${new URL("../../deploy/redirect.mjs", import.meta.url)}`,
      EDGEGATE_STAND_IN: `${url}/visit/`,
      EDGEGATE_HOSTS: "^auth(-staging)?\\.example\\.com$",
      CLOUDFLARE_API_TOKEN: "t".repeat(40),
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
      // With this variable, wrangler asks no questions.
      CI: "1",
    },
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

function answered(reply) {
  try {
    const value = reply();
    const { result_info, result } = value?.result_info ? value : { result: value };
    return [200, { success: true, errors: [], messages: [], result, result_info }];
  } catch (error) {
    const { status = 400, code = 10001, message } = Object(error);
    return [status, { success: false, errors: [{ code, message }], messages: [], result: null }];
  }
}
