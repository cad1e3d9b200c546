/** Which parts of the code have run: V8's own block coverage, which works in every version of Node. */
import { Session } from 'node:inspector/promises';

export class Coverage {
  #session = new Session();
  #seen = new Set();
  #covers;

  /** @param covers packages whose code counts */
  constructor(covers) {
    this.#covers = covers.map((name) => `/packages/${name}/dist/`);
  }

  async start() {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    await this.take();
    this.#seen.clear();
  }

  /** Blocks that have run for the first time since the last call. */
  async take() {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    let fresh = 0;
    for (const { url, functions } of result) {
      if (!this.#covers.some((name) => url.includes(name))) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count === 0) continue;
          const key = `${url}:${startOffset}:${endOffset}`;
          if (this.#seen.has(key)) continue;
          this.#seen.add(key);
          fresh += 1;
        }
      }
    }
    return fresh;
  }

  get blocks() {
    return this.#seen.size;
  }

  stop() {
    this.#session.disconnect();
  }
}
