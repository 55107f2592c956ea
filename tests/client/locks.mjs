// A replacement for navigator.locks. It has those features that the client uses: exclusive locks,
// `ifAvailable`, `signal` and `query`.
export class Locks {
  #held = new Set();
  #queues = new Map();

  request(name, options, work) {
    if (options.ifAvailable) {
      if (this.#held.has(name)) return Promise.resolve().then(() => work(null));
      return this.#grant(name, work);
    }
    return new Promise((resolve, reject) => {
      const entry = () => this.#grant(name, work).then(resolve, reject);
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      options.signal?.addEventListener("abort", () => {
        const at = queue.indexOf(entry);
        if (at < 0) return;
        queue.splice(at, 1);
        reject(options.signal.reason);
      });
      queue.push(entry);
      if (!this.#held.has(name)) queue.shift()();
    });
  }

  async query() {
    const pending = [...this.#queues].flatMap(([name, queue]) => queue.map(() => ({ name })));
    return { held: [...this.#held].map((name) => ({ name })), pending };
  }

  isHeld(name) {
    return this.#held.has(name);
  }

  async #grant(name, work) {
    this.#held.add(name);
    try {
      await null;
      return await work({ name, mode: "exclusive" });
    } finally {
      this.#held.delete(name);
      this.#queues.get(name)?.shift()?.();
    }
  }
}
