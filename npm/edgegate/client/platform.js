// What the client takes from the browser, in one place: tests hand in clocks, locks and channels of their own.

/** The browser's parts, each replaced by that in `given` with the same name (also by null: "there is none"). */
export function platform(given = {}) {
  const g = globalThis;
  const own = {
    fetch: (...args) => g.fetch(...args),
    now: () => Date.now(),
    monotonic: () => g.performance?.now?.() ?? Date.now(),
    setTimeout: (work, ms) => g.setTimeout(work, ms),
    clearTimeout: (timer) => g.clearTimeout(timer),
    random: Math.random,
    locks: g.navigator?.locks ?? null,
    BroadcastChannel: g.BroadcastChannel ?? null,
    document: g.document ?? null,
    window: typeof g.addEventListener === "function" ? g : null,
    storage: localStorageOf(g),
    origin: g.location?.origin,
  };
  for (const [name, value] of Object.entries(given)) if (value !== undefined) own[name] = value;
  return own;
}

// Where site data is blocked, merely reading the property throws. Node warns when it is read.
function localStorageOf(g) {
  try {
    return g.document ? (g.localStorage ?? null) : null;
  } catch {
    return null;
  }
}
