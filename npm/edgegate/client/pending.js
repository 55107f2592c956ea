// Remembers a logout that the service does not know of yet.
//
// Only the service can clear the cookie. If the service can't be reached, the client remembers the
// wish to sign out, with the id of the session (never with a token or a name). The code below calls
// this a wish. The client sends it to the service before the next renewal. By then the cookie may
// belong to a later session: other origins of the site share the cookie, but not this storage. The
// wish does not apply to such a later session.
/** @import { Platform } from "./platform.js" */

// The value of a wish if the page did not know which session it had. Such a wish ends the session
// that the cookie belongs to, whichever it is.
const ANY = "1";
const SESSION_ID = /^[A-Za-z0-9-]{2,64}$/;

export class PendingLogout {
  #key;
  #storage;
  /**
   * @type {string | null} The wish, if there is no storage or the storage fails. Other tabs don't
   *   see it.
   */
  #memory = null;

  /**
   * @param {string} name
   * @param {Pick<Platform, "storage">} platform
   */
  constructor(name, { storage }) {
    this.#key = `${name}:logout`;
    this.#storage = storage;
  }

  get exists() {
    return this.wish !== null;
  }

  /** The remembered wish, for `forget`. Null if there is none. */
  get wish() {
    return this.#memory ?? this.#try((storage) => storage.getItem(this.#key)) ?? null;
  }

  /**
   * The id of the session that is to end. Undefined if there is no wish, or if the wish is to end
   * any session.
   */
  get session() {
    const { wish } = this;
    return wish !== null && SESSION_ID.test(wish) ? wish : undefined;
  }

  /**
   * @param {string} [session] The id of the session that is to end. If it is undefined, an earlier
   *   wish remains.
   */
  remember(session) {
    const wish = session ?? this.wish ?? ANY;
    this.#memory = wish;
    // If storage works, all tabs read the wish from there.
    this.#try((storage) => {
      storage.setItem(this.#key, wish);
      this.#memory = null;
    });
  }

  /**
   * @param {string | null} [wish] The wish that was carried out. If there is a newer wish, that one
   *   remains.
   */
  forget(wish = this.wish) {
    if (wish !== this.wish) return;
    this.#memory = null;
    this.#try((storage) => storage.removeItem(this.#key));
  }

  /** Forgets the wish of this tab. A wish in the storage remains. */
  forgetOwn() {
    this.#memory = null;
  }

  /**
   * @template T
   * @param {(storage: NonNullable<Platform["storage"]>) => T} work
   */
  #try(work) {
    try {
      return this.#storage ? work(this.#storage) : undefined;
    } catch {
      return undefined;
    }
  }
}
