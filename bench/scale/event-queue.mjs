// Simulates time: runs events in the order of their times, without waiting. If several events have
// the same time, they run in the order in which they were added. The queue is a binary heap.

export class EventQueue {
  #heap = [];
  #added = 0;

  /** Adds an event: `act(time)` will be called when the simulated time is `time`. */
  at(time, act) {
    const heap = this.#heap;
    let place = heap.length;
    const event = { time, order: this.#added++, act };
    heap.push(event);
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(event, heap[above])) break;
      heap[place] = heap[above];
      place = above;
    }
    heap[place] = event;
  }

  /** Runs all events, including those that are added meanwhile. */
  run() {
    while (this.#heap.length > 0) {
      const { time, act } = this.#take();
      act(time);
    }
  }

  #take() {
    const heap = this.#heap;
    const [first] = heap;
    const event = heap.pop();
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1], heap[below])) below += 1;
      if (!isBefore(heap[below], event)) break;
      heap[place] = heap[below];
      place = below;
    }
    heap[place] = event;
    return first;
  }
}

const isBefore = (one, other) =>
  one.time < other.time || (one.time === other.time && one.order < other.order);
