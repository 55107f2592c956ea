// The parts of the browser that the client uses. Tests replace clocks, locks and channels.
/**
 * @import { Platform as DeclaredPlatform } from "../types/client.d.ts"
 */

/** @typedef {DeclaredPlatform & {fetch: typeof globalThis.fetch}} Platform */

/**
 * The globals that a browser has. Node and Workers have some of them.
 *
 * @typedef {object} Globals
 * @property {typeof globalThis.fetch} fetch
 * @property {Platform["setTimeout"]} setTimeout
 * @property {Platform["clearTimeout"]} clearTimeout
 * @property {{now?(): number}} [performance]
 * @property {{locks?: Platform["locks"]}} [navigator]
 * @property {Platform["BroadcastChannel"]} [BroadcastChannel]
 * @property {Platform["document"]} [document]
 * @property {{origin: string}} [location]
 * @property {Platform["storage"]} [localStorage]
 */

/**
 * The parts of the browser. A part in `given` replaces the browser's own part. Null means that
 * there is no such part.
 *
 * @param {Partial<Platform>} given
 * @returns {Platform}
 */
export function platform(given = {}) {
  const g = /** @type {Globals} */ (/** @type {unknown} */ (globalThis));
  const own = {
    fetch: /** @type {typeof fetch} */ ((...args) => g.fetch(...args)),
    now: () => Date.now(),
    monotonic: () => g.performance?.now?.() ?? Date.now(),
    setTimeout: /** @type {Platform["setTimeout"]} */ ((work, ms) => g.setTimeout(work, ms)),
    clearTimeout: /** @type {Platform["clearTimeout"]} */ ((timer) => g.clearTimeout(timer)),
    random: Math.random,
    locks: g.navigator?.locks ?? null,
    BroadcastChannel: g.BroadcastChannel ?? null,
    document: g.document ?? null,
    window: isEventTarget(g) ? g : null,
    storage: localStorageOf(g),
    origin: g.location?.origin,
  };
  const replaced = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...own, ...Object.fromEntries(replaced) };
}

/**
 * @param {object} g
 * @returns {g is EventTarget}
 */
const isEventTarget = (g) => "addEventListener" in g && typeof g.addEventListener === "function";

/**
 * The local storage, or null if there is none. If the user blocks site data, reading `localStorage`
 * throws. In Node, reading `localStorage` prints a warning, so this function reads it only in a
 * page.
 *
 * @param {Globals} g
 */
function localStorageOf(g) {
  try {
    return g.document ? (g.localStorage ?? null) : null;
  } catch {
    return null;
  }
}
