// The base class of AuthClient and RedirectClient. It knows who is signed in, returns the access
// token, and has the method `fetch`. The methods are documented in types/client.d.ts.
/**
 * @import { AuthClient as Declared } from "../types/client.d.ts"
 * @import { Core, Emit } from "./core.js"
 * @import { Platform } from "./platform.js"
 */
import { invalidArgument, readList, readOrigin } from "../argument.js";
import { fetchWithToken } from "./fetch.js";
import { UNKNOWN } from "./session.js";

const ORIGINS_MAX = 256;

/**
 * @typedef {object} Setup
 * @property {Partial<Platform>} replaced Parts of the browser that the caller has replaced.
 * @property {string[]} origins Origins that may get the access token, in addition to the origin of
 *   the service.
 * @property {(emit: Emit) => Core} makeCore
 *
 * @typedef {Setup & {core: Core | null, isClosed: boolean, isAsking: boolean}} State `core` is made
 *   when it is first needed. So a client can also be made on a server, where there is no page.
 */

/** @type {WeakMap<object, State>} */
const states = new WeakMap();

export class SessionClient extends EventTarget {
  /** @param {Setup} setup */
  constructor(setup) {
    super();
    states.set(this, { ...setup, core: null, isClosed: false, isAsking: false });
  }

  // These four functions are properties of each client and not methods of the class. So callers can
  // pass them on without their client, as in `useSyncExternalStore(auth.subscribe, …)`.

  /** @type {Declared["subscribe"]} */
  subscribe = (listener) => {
    if (typeof listener !== "function") throw invalidArgument("listener must be a function");
    const tell = () => listener(this.getSnapshot());
    this.addEventListener("change", tell);
    ask(this);
    return () => this.removeEventListener("change", tell);
  };

  /** @type {Declared["getSnapshot"]} */
  getSnapshot = () => stateOf(this).core?.session.state ?? UNKNOWN;

  /** @type {Declared["getServerSnapshot"]} */
  getServerSnapshot = () => UNKNOWN;

  /** @type {Declared["now"]} */
  now = () => {
    const { core, replaced } = stateOf(this);
    return Math.floor(core?.clock.now() ?? (replaced.now ?? Date.now)());
  };

  get user() {
    stateOf(this);
    return this.getSnapshot().user;
  }

  get status() {
    stateOf(this);
    return this.getSnapshot().status;
  }

  /** @type {Declared["ready"]} */
  async ready() {
    return coreOf(this).ready();
  }

  /** @type {Declared["accessToken"]} */
  async accessToken() {
    return coreOf(this).accessToken();
  }

  /**
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   */
  async fetch(input, init) {
    const core = coreOf(this);
    const origins = new Set([core.url.origin, ...stateOf(this).origins]);
    return fetchWithToken(core, origins, input, init);
  }

  /** @type {Declared["close"]} */
  close() {
    const state = stateOf(this);
    state.isClosed = true;
    state.core?.close();
  }
}

/**
 * The state of a client. Throws if a method was called without its client, as after `const { login
 * } = client`, or on a Proxy of a client.
 *
 * @param {SessionClient} client
 */
function stateOf(client) {
  const state = states.get(client);
  if (!state) throw invalidArgument("The method must be called on its AuthClient");
  return state;
}

/**
 * The core of a client, made at the first call. Throws if there is neither a page nor a URL of the
 * service.
 *
 * @param {SessionClient} client
 */
export function coreOf(client) {
  const state = stateOf(client);
  state.core ??= start(client, state);
  return state.core;
}

/**
 * @param {SessionClient} client
 * @param {State} state
 */
function start(client, { makeCore, isClosed }) {
  const core = makeCore((type, detail) => client.dispatchEvent(new CustomEvent(type, { detail })));
  if (isClosed) core.close();
  return core;
}

/**
 * Asks the service who is signed in, because the page wants to show the user. If the request fails,
 * the error is ignored, because the client tries again by itself.
 *
 * @param {SessionClient} client
 */
function ask(client) {
  const state = stateOf(client);
  const { document = globalThis.document } = state.replaced;
  if (!document || state.isClosed || state.isAsking) return;
  coreOf(client);
  state.isAsking = true;
  if (client.status === "unknown") client.ready().catch(() => {});
}

/**
 * Reads the option `origins`.
 *
 * @param {unknown} given
 */
export const readOrigins = (given) =>
  readList("origins", given ?? [], ORIGINS_MAX).map((entry) => readOrigin("origins", entry).origin);
