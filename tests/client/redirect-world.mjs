// A simulated world for RedirectClient, based on the one in world.mjs. The service is on another
// site. The tabs of the browser load pages, and each load of a page creates a new client. A tab
// keeps its session storage when it loads another page.
import { CLIENT_ID, ISSUER, Issuer, REDIRECT_URI } from "./issuer.mjs";
import { RedirectClient } from "./redirect-client.mjs";
import { World } from "./world.mjs";

export const HOME = "https://app.example.com/orders?page=2#top";
export const API = "https://api.example.org";

// Node computes cryptography in other threads. This module counts the running computations, so that
// `settle` can wait for them.
let computing = 0;
const { subtle } = globalThis.crypto;
const FUNCTIONS = ["digest", "importKey", "verify", "generateKey", "exportKey", "sign"];
for (const name of FUNCTIONS) {
  const original = /** @type {(...args: any[]) => Promise<any>} */ (subtle[name]).bind(subtle);
  const counted = async (...args) => {
    computing += 1;
    try {
      return await (replaced[name] ?? original)(...args);
    } finally {
      computing -= 1;
    }
  };
  Object.defineProperty(subtle, name, { value: counted, configurable: true });
}
/**
 * @type {Record<string, ((...args: any[]) => Promise<any>) | undefined>} A test can set functions
 *   here, which replace those of `subtle` with the same name.
 */
export const replaced = {};

export class RedirectWorld extends World {
  issuer = new Issuer(() => this.time);

  constructor() {
    super();
    this.service = /** @type {any} */ (this.issuer);
  }

  async settle() {
    do {
      await super.settle();
      while (computing > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    } while (computing > 0);
    await super.settle();
  }

  /** Opens a tab and loads a page in it. */
  open(href = HOME, options = {}) {
    return new Tab(this, href, options);
  }

  /** Opens a tab in which Ada is signed in. */
  async signedIn(options = {}) {
    const tab = this.open(HOME, options);
    await tab.signIn();
    return tab;
  }
}

export class Tab {
  /** The session storage of the tab. */
  stored = new Map();
  /** @type {any} The page, with its client and a record of what the page has done. */
  page;

  constructor(world, href, options) {
    this.world = world;
    this.options = options;
    this.page = this.load(href);
  }

  /** @returns {import("../../npm/edgegate/types/redirect.js").RedirectClient} */
  get client() {
    return this.page.client;
  }

  /** Loads a page. The client of the previous page is closed. */
  load(href) {
    this.page?.client.close();
    const { world, stored } = this;
    const { platform, ...options } = this.options;
    const page = {
      href,
      /** @type {string | undefined} The address to which the page has sent the browser. */
      left: undefined,
      /** @type {"assign" | "replace" | undefined} */
      how: undefined,
      /** @type {string[]} What the address bar has shown since the page was loaded. */
      shown: [href],
    };
    const leave = (how) => (to) => Object.assign(page, { left: to, how });
    const location = {
      get href() {
        return page.href;
      },
      assign: leave("assign"),
      replace: leave("replace"),
    };
    const history = {
      state: { key: 1 },
      replaceState(state, _, to) {
        if (state !== history.state) throw new Error("the page's own state is lost");
        const url = new URL(to, page.href);
        if (url.origin !== new URL(page.href).origin) throw new Error(`not allowed: ${to}`);
        page.href = url.href;
        page.shown.push(url.href);
      },
    };
    const given = {
      url: null,
      ...{ issuer: ISSUER, clientId: CLIENT_ID, redirectUri: REDIRECT_URI, resource: API },
      ...options,
      platform: {
        location,
        history,
        sessionStorage: storageOf(stored),
        isFramed: false,
        isOnline: () => true,
        origin: "https://app.example.com",
        ...platform,
      },
    };
    const made = world.tabOf(RedirectClient, given);
    this.page = Object.assign(page, made);
    return this.page;
  }

  /**
   * Follows the page's redirect to the service. Then loads the address to which the service
   * redirects with its answer.
   */
  follow(options = {}) {
    const { left } = this.page;
    if (left === undefined) throw new Error("the page is still here");
    return this.load(this.world.issuer.authorize(left, options));
  }

  /** Signs in: calls `signInWithRedirect`, signs in at the service, and handles the answer. */
  async signIn(request = {}, { user = undefined } = {}) {
    const { world } = this;
    this.leave(this.client.signInWithRedirect(request));
    await world.settle();
    world.issuer.signedOn = user ?? world.issuer.signedOn ?? (await import("./issuer.mjs")).ADA;
    this.follow();
    return world.run(this.client.handleRedirect());
  }

  /**
   * Ignores a rejection of the promise. Don't wait for this promise: it stays pending while the
   * browser leaves the page.
   */
  leave(promise) {
    promise.catch(() => {});
  }

  /** Reloads the address that the address bar shows. */
  reload() {
    return this.load(this.page.href);
  }
}

function storageOf(map) {
  return {
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => map.set(key, String(value)),
    removeItem: (key) => map.delete(key),
  };
}
