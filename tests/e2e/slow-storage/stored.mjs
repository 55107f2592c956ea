// Reads what the Workers of a test store in KV, in D1 and in the users' objects of class Sessions.
// This code runs in the Worker. From outside, it would have to send one request for each key, table
// and object.

const KEYS_AT_ONCE = 100;

/**
 * Returns one line of JSON for each key in KV, for each table in D1, for each row, and for the
 * Durable Object of each of these users. The lines are in alphabetical order.
 *
 * @param {any} env
 * @param {string[]} users
 */
export async function everything(env, users) {
  const parts = [keysOfKv(env.SESSIONS), rowsOfD1(env.DB), objects(env.SESSION_OBJECTS, users)];
  const entries = (await Promise.all(parts)).flat();
  return entries
    .map((entry) => JSON.stringify(entry))
    .sort()
    .join("\n");
}

async function keysOfKv(namespace) {
  const { keys, list_complete } = await namespace.list();
  if (!list_complete) throw new Error("more keys than one list holds");
  const entries = [];
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    const some = keys.slice(at, at + KEYS_AT_ONCE);
    const values = await namespace.get(some.map(({ name }) => name));
    entries.push(...some.map((key) => ["KV", key, values.get(key.name)]));
  }
  return entries;
}

async function rowsOfD1(database) {
  const { results: tables } = await database
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
    )
    .all();
  const answers = await database.batch(
    tables.map(({ name }) => database.prepare(`SELECT * FROM "${name}"`)),
  );
  return answers.flatMap(({ results }, index) => {
    const { name } = tables[index];
    return [["table", name], ...results.map((row) => ["D1", name, row])];
  });
}

const objects = (namespace, users) =>
  Promise.all(users.map(async (id) => ["object", id, await namespace.getByName(id).stored()]));
