// The stores of a deployed service: its database, its queues and its KV namespaces. They are found
// by their names, but a name does not say which service uses the store. So if a store exists
// already at the first deploy, it is used only if an earlier run made it, if the configuration has
// its id, or if the operator gives `--adopt`.
import { Advice } from "./advice.js";
import { setInProject } from "./config-edit.js";
import { readRecord, writeRecord } from "./deploy-secrets.js";
import { queuesOf } from "./deployment.js";

/**
 * A store that the configuration names.
 *
 * @typedef {object} Store
 * @property {string} key its kind and name
 * @property {string} what its name in messages for a person
 * @property {boolean} exists
 * @property {() => Promise<void>} make creates the store
 * @property {() => void} [use] writes the store's id into the configuration
 */

/**
 * The Cloudflare account, the project, and what the deployed Worker uses.
 *
 * @typedef {object} World
 * @property {import("./cloudflare.js").Cloudflare} cloudflare
 * @property {import("./project.js").Project} project
 * @property {import("./config.js").Config} config
 * @property {string} [environment]
 * @property {Binding[] | undefined} bound the bindings of the deployed Worker; undefined if no
 *   Worker is deployed
 */

/** @typedef {{ type: string, name: string, [field: string]: any }} Binding */

/**
 * The stores that the configuration names without an id, and which of them exist. Throws if the
 * deployed Worker uses another database, if a database whose id is in the configuration does not
 * exist, or if another Worker consumes a queue that this Worker has to consume.
 *
 * @param {World} world
 * @returns {Promise<Store[]>}
 */
export async function storesOf(world) {
  return [...(await databases(world)), ...(await queues(world)), ...(await namespaces(world))];
}

/**
 * Throws if no Worker is deployed, but a store exists that no earlier run has made.
 *
 * @param {World} world
 * @param {Store[]} stores
 */
export function refuseForeign({ project, environment, cloudflare, bound, config }, stores) {
  if (bound) return;
  const record = readRecord(project, environment);
  const own = record.account === cloudflare.account ? record.stores : [];
  const foreign = stores.filter(({ exists, key }) => exists && !own.includes(key));
  if (foreign.length === 0) return;
  const what = foreign.map((store) => store.what).join(", ");
  throw new Advice(
    `there is no Worker ${config.name}, but ${what} exist${foreign.length === 1 ? "s" : ""} already, and may belong to another project of your account. If ${foreign.length === 1 ? "it is" : "they are"} this service's, such as after you deleted its Worker, add --adopt. Otherwise give the service another name. Nothing was changed.`,
  );
}

/**
 * Makes the stores that are missing, and writes the ids of KV namespaces into the configuration.
 * All missing stores are recorded before the first of them is made. So if this run is interrupted,
 * the next run knows that a store was made by this command.
 *
 * @param {World} world
 * @param {Store[]} stores
 * @param {(text: string) => void} say
 */
export async function makeStores({ project, environment, cloudflare }, stores, say) {
  const missing = stores.filter(({ exists }) => !exists);
  if (missing.length > 0) {
    const { account, stores: earlier, rotation } = readRecord(project, environment);
    const kept = account === cloudflare.account ? earlier : [];
    const keys = new Set([...kept, ...missing.map(({ key }) => key)]);
    writeRecord(project, environment, {
      ...{ account: cloudflare.account, stores: [...keys], rotation },
    });
  }
  for (const { what, make } of missing) {
    await make();
    say(`▸ Made ${what}`);
  }
  for (const { exists, use } of stores) if (exists) use?.();
}

/** @param {World} world */
async function databases({ cloudflare, config, bound }) {
  const found = [];
  for (const { binding, database_name: name, database_id: id } of config.d1_databases ?? []) {
    if (name === undefined && id === undefined) continue;
    const deployed = bound?.find((other) => other.type === "d1" && other.name === binding);
    const there = await findDatabase(cloudflare, name, id);
    const used = deployed?.database_id ?? deployed?.id;
    if (used !== undefined && used !== there?.uuid)
      throw new Advice(
        `the Worker ${config.name} uses the database ${used} as ${binding}, and the configuration names ${name ?? id}${there ? ` (${there.uuid})` : ", which does not exist"}. Its users would lose their accounts. Put the name of the Worker's database into the configuration. Nothing was changed.`,
      );
    // A database whose id is in the configuration belongs to this service.
    const isDeclared = id !== undefined && there !== undefined;
    if (isDeclared) continue;
    if (id !== undefined)
      throw new Advice(`there is no database ${id} in account ${cloudflare.account}.`);
    found.push({
      key: `d1:${name}`,
      what: `the database ${name}`,
      exists: there !== undefined,
      make: async () => void (await cloudflare.post("/d1/database", { name })),
    });
  }
  return found;
}

/**
 * The id of the database with the accounts. Throws if there is none.
 *
 * @param {import("./cloudflare.js").Cloudflare} cloudflare
 * @param {import("./config.js").Config} config
 */
export async function accountsDatabase(cloudflare, { d1_databases = [], name }) {
  const bound = d1_databases.find(({ binding }) => binding === "DB");
  const found = bound && (await findDatabase(cloudflare, bound.database_name, bound.database_id));
  if (!found)
    throw new Advice(
      `the Worker ${name} has no database yet: deploy it first, by \`edgegate deploy\`.`,
    );
  return found.uuid;
}

/**
 * @param {import("./cloudflare.js").Cloudflare} cloudflare
 * @param {string | undefined} name
 * @param {string | undefined} id
 * @returns {Promise<{ uuid: string, name: string } | undefined>}
 */
async function findDatabase(cloudflare, name, id) {
  if (id !== undefined) return cloudflare.find(`/d1/database/${id}`);
  // Cloudflare's answer can also contain databases whose names only begin with this name.
  const found = await cloudflare.get(`/d1/database?name=${encodeURIComponent(name ?? "")}`);
  return found.find((/** @type {{ name: string }} */ other) => other.name === name);
}

/** @param {World} world */
async function queues({ cloudflare, config }) {
  const names = queuesOf(config);
  const consumed = (config.queues?.consumers ?? []).map(({ queue }) => queue);
  const found = await Promise.all(names.map((name) => findQueue(cloudflare, name)));
  return names.map((name, n) => {
    const other = (found[n]?.consumers ?? [])
      .map(({ script, script_name }) => script ?? script_name)
      .find((script) => script !== undefined && script !== config.name);
    if (consumed.includes(name) && other)
      throw new Advice(
        `the queue ${name} has a consumer already, the Worker ${other}, and a queue has only one. Name another queue in the configuration. Nothing was changed.`,
      );
    return {
      key: `queue:${name}`,
      what: `the queue ${name}`,
      exists: found[n] !== undefined,
      make: async () => void (await cloudflare.post("/queues", { queue_name: name })),
    };
  });
}

/**
 * @param {import("./cloudflare.js").Cloudflare} cloudflare
 * @param {string} name
 * @returns {Promise<{ queue_name: string, consumers?: { script?: string, script_name?: string }[] } | undefined>}
 */
async function findQueue(cloudflare, name) {
  const found = await cloudflare.get(`/queues?name=${encodeURIComponent(name)}`);
  return found.find((/** @type {{ queue_name: string }} */ other) => other.queue_name === name);
}

/**
 * KV namespaces that have no id in the configuration. Each is found by its title or made, and its
 * id is written into the configuration. wrangler could also make the namespaces, but it would make
 * a second namespace after a failed upload.
 *
 * @param {World} world
 */
async function namespaces({ cloudflare, project, config, environment, bound }) {
  /** @type {Store[]} */
  const found = [];
  for (const [n, { binding, id }] of (config.kv_namespaces ?? []).entries()) {
    if (id !== undefined) continue;
    const write = (/** @type {unknown} */ value) =>
      setInProject(project, environment, ["kv_namespaces", n, "id"], value);
    const deployed = bound?.find(
      (other) => other.type === "kv_namespace" && other.name === binding,
    );
    const title = `${config.name}-${binding.toLowerCase().replaceAll("_", "-")}`;
    const there = deployed ? deployed.namespace_id : await findNamespace(cloudflare, title);
    found.push({
      key: `kv:${title}`,
      what: `the KV namespace ${title}`,
      exists: there !== undefined,
      make: async () => {
        const made = await cloudflare.post("/storage/kv/namespaces", { title });
        write(made.id);
      },
      use: () => write(there),
    });
  }
  return found;
}

/**
 * @param {import("./cloudflare.js").Cloudflare} cloudflare
 * @param {string} title
 * @returns {Promise<string | undefined>}
 */
async function findNamespace(cloudflare, title) {
  const size = 100;
  for (let page = 1; ; page++) {
    /** @type {{ id: string, title: string }[]} */
    const list = await cloudflare.get(
      `/storage/kv/namespaces?per_page=${size}&order=title&direction=asc&page=${page}`,
    );
    const found = list.find((other) => other.title === title);
    if (found || list.length < size) return found?.id;
  }
}
