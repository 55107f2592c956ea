// A logout that the service has not heard of yet.
//
// Only the service can clear the cookie. When it can't be reached, the wish to be signed out is remembered (no token and no
// name, only the wish) and every page of this origin carries it out before it would renew.

export class PendingLogout {
  #key;
  #storage;
  #memory = false;

  constructor(name, { storage }) {
    this.#key = `${name}:logout`;
    this.#storage = storage;
  }

  get exists() {
    return this.#memory || this.#try(() => this.#storage.getItem(this.#key) !== null) === true;
  }

  remember() {
    this.#memory = true;
    // Where storage works it is the truth for all tabs.
    this.#try(() => {
      this.#storage.setItem(this.#key, "1");
      this.#memory = false;
    });
  }

  forget() {
    this.#memory = false;
    this.#try(() => this.#storage.removeItem(this.#key));
  }

  /** Of this tab alone, where there is no storage. */
  forgetOwn() {
    this.#memory = false;
  }

  #try(work) {
    try {
      return this.#storage ? work() : undefined;
    } catch {
      return undefined;
    }
  }
}
