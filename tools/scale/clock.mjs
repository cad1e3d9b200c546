/**
 * Simulated time. Once `install` was called, `performance.now()`, `setTimeout` and `setInterval` of
 * this process are ours, so code that knows nothing of it runs as fast as it can.
 */

/** Events that are due within the same millisecond share a bucket. */
const WIDTH = 1;

export class Clock {
  now = 0;
  /** How many things have happened. */
  events = 0;
  #buckets = new Map();
  #next = 0;

  /**
   * @param {number} delay milliseconds
   * @param {() => void} run
   */
  after(delay, run) {
    const task = { at: this.now + Math.max(delay, 0), run };
    const slot = Math.max(Math.ceil(task.at / WIDTH), this.#next);
    const bucket = this.#buckets.get(slot);
    if (bucket === undefined) this.#buckets.set(slot, [task]);
    else bucket.push(task);
    return task;
  }

  /** Runs all that is due until then. */
  runUntil(end) {
    for (; this.#next * WIDTH <= end; this.#next += 1) {
      const bucket = this.#buckets.get(this.#next);
      if (bucket === undefined) continue;
      // What is added to this bucket meanwhile runs, too.
      for (const task of bucket) {
        if (task.run === undefined) continue;
        this.now = Math.max(this.now, task.at);
        this.events += 1;
        task.run();
      }
      this.#buckets.delete(this.#next);
    }
    this.now = end;
  }

  /** Puts this clock in place of the process's own. */
  install() {
    performance.now = () => this.now;
    globalThis.setTimeout = (run, delay = 0) => this.after(delay, run);
    globalThis.setInterval = (run, delay) => {
      const task = { run: undefined };
      const again = () => {
        if (task.cancelled) return;
        run();
        this.after(delay, again);
      };
      this.after(delay, again);
      return task;
    };
    globalThis.clearTimeout = (task) => {
      if (task) task.run = undefined;
    };
    globalThis.clearInterval = (task) => {
      if (task) task.cancelled = true;
    };
  }
}
