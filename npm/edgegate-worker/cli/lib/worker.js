// Asks Cloudflare about a deployed Worker.

/** A Worker that has all these bindings is assumed to be an edgegate service. */
const OURS = ["DB", "SESSION_OBJECTS", "ACCOUNT_OBJECTS"];

/**
 * A deployed Worker.
 *
 * @typedef {object} DeployedWorker
 * @property {string[]} secrets the names of its secrets
 * @property {import("./stores.js").Binding[]} bindings
 * @property {Record<string, string>} variables the variables that are not secret
 * @property {boolean} isOurs whether it has the bindings in `OURS`
 */

/**
 * The deployed Worker of a configuration; undefined if there is none.
 *
 * @param {import("./cloudflare.js").Cloudflare} cloudflare
 * @param {{ name?: string }} config
 * @returns {Promise<DeployedWorker | undefined>}
 */
export async function workerOf(cloudflare, { name }) {
  const secrets = await cloudflare.find(`/workers/scripts/${name}/secrets`);
  if (secrets === undefined) return undefined;
  const { bindings = [] } = await cloudflare.get(`/workers/scripts/${name}/settings`);
  /** @type {import("./stores.js").Binding[]} */
  const all = bindings;
  const texts = all.filter(({ type }) => type === "plain_text");
  return {
    secrets: secrets.map((/** @type {{ name: string }} */ secret) => secret.name),
    bindings: all,
    variables: Object.fromEntries(texts.map((binding) => [binding.name, binding.text])),
    isOurs: OURS.every((expected) => all.some((binding) => binding.name === expected)),
  };
}
