// Remembers a logout that the service does not know of yet.
//
// Only the service can clear the cookie, and it is possible that the service can't be reached. So
// each logout first stores a record that the session must end. It removes the record when the
// service accepts the logout, or says that the cookie belongs to another session. The code below
// calls this record a wish. If the page knew its session, the record is the id of that session. It
// never contains a token or a name.
//
// If a wish is left, the client sends the logout again, before the next renewal. Before that, the
// user can sign in again at another origin of the site. The origins of a site share the cookie, but
// each origin has its own storage. So the cookie can belong to a later session by then, which the
// logout must not end. Therefore the logout names the session that must end, if the page knew it.
/** @import { Platform } from "./platform.js" */

// The value of a wish without a session id, for a page that did not know which session it had. The
// logout then ends the session that the cookie belongs to, whichever session that is.
const ANY = "1";
const SESSION_ID = /^[A-Za-z0-9-]{2,64}$/;

export class PendingLogout {
  #key;
  #storage;
  /**
   * @type {string | null} The wish, if it could not be stored in `#storage`. Other tabs can't see a
   *   wish that is only in this tab's memory.
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

  /**
   * The remembered wish. Null if there is none. After the logout was sent, pass the wish to
   * `forget`.
   */
  get wish() {
    return this.#memory ?? this.#try((storage) => storage.getItem(this.#key)) ?? null;
  }

  /**
   * The id of the session that must end. Undefined if there is no wish, or if the wish has no
   * session id.
   */
  get session() {
    const { wish } = this;
    return wish !== null && SESSION_ID.test(wish) ? wish : undefined;
  }

  /**
   * @param {string} [session] The id of the session that must end. If this is undefined, an
   *   earlier wish stays as it is.
   */
  remember(session) {
    const wish = session ?? this.wish ?? ANY;
    this.#memory = wish;
    // If the wish can be stored, all tabs read it from storage, and this tab needs no copy in
    // memory.
    this.#try((storage) => {
      storage.setItem(this.#key, wish);
      this.#memory = null;
    });
  }

  /**
   * @param {string | null} [wish] The wish whose logout was sent. If there is a newer wish by now,
   *   nothing is forgotten.
   */
  forget(wish = this.wish) {
    if (wish !== this.wish) return;
    this.#memory = null;
    this.#try((storage) => storage.removeItem(this.#key));
  }

  /** Forgets the wish in the memory of this tab. A wish in storage stays there. */
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
