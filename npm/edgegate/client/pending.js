// A logout that the service has not heard of yet.
//
// Only the service can clear the cookie. When it can't be reached, the wish to be signed out is
// remembered with the id of the session that it is about (never a token or a name), and the client
// carries it out before it would renew. By then the cookie may be of a later session: pages of
// another origin share it, and not this storage. That session is not meant.

// The wish when the page did not know of a session: it ends whichever session the cookie has.
const ANY = "1";
const SESSION_ID = /^[A-Za-z0-9-]{2,64}$/;

export class PendingLogout {
  #key;
  #storage;
  /** Where there is no storage, or it refuses: of this tab alone. */
  #memory = null;

  constructor(name, { storage }) {
    this.#key = `${name}:logout`;
    this.#storage = storage;
  }

  get exists() {
    return this.wish !== null;
  }

  /** What is remembered, for `forget`; null when nothing is. */
  get wish() {
    return this.#memory ?? this.#try(() => this.#storage.getItem(this.#key)) ?? null;
  }

  /** The session that is to end; undefined when there is no wish, or it is about any session. */
  get session() {
    const { wish } = this;
    return wish !== null && SESSION_ID.test(wish) ? wish : undefined;
  }

  /** `session`: the id of the session that is to end. Without one an earlier wish stays. */
  remember(session) {
    const wish = session ?? this.wish ?? ANY;
    this.#memory = wish;
    // Where storage works it is the truth for all tabs.
    this.#try(() => {
      this.#storage.setItem(this.#key, wish);
      this.#memory = null;
    });
  }

  /** `wish`: the one that was carried out. A different one that a tab remembered meanwhile stays. */
  forget(wish = this.wish) {
    if (wish !== this.wish) return;
    this.#memory = null;
    this.#try(() => this.#storage.removeItem(this.#key));
  }

  /** Of this tab alone, where there is no storage. */
  forgetOwn() {
    this.#memory = null;
  }

  #try(work) {
    try {
      return this.#storage ? work() : undefined;
    } catch {
      return undefined;
    }
  }
}
