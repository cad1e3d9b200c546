interface Seen {
  /** A line as it was written, with its time. */
  readonly line: string;
  /** Milliseconds: when the first one was written. */
  readonly since: number;
  written: number;
  suppressed: number;
}

/** How many different lines are remembered at a time. */
const rememberedLines = 1000;

export interface RepeatOptions {
  /** Seconds in which lines that are the same are counted. 0: all are written. */
  readonly interval: number;
  /** How many of the same line are written within the interval, before they are only counted. */
  readonly burst: number;
}

/**
 * Holds back lines of the log that are, but for their time, the same as others shortly before, and
 * tells afterwards how many they were. Fluentd: `ignore_same_log_interval`, without the count.
 */
export class RepeatedLines {
  readonly #seen = new Map<string, Seen>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly write: (line: string) => void,
    public options: RepeatOptions,
  ) {}

  /** @param line pino's, one JSON object */
  push(line: string): void {
    const { interval, burst } = this.options;
    if (interval === 0) {
      this.write(line);
      return;
    }
    const key = line.replace(/"time":\d+,/, '');
    const now = Date.now();
    let seen = this.#seen.get(key);
    if (seen !== undefined && now - seen.since >= interval * 1000) {
      this.#forget(key, seen);
      seen = undefined;
    }
    if (seen === undefined) {
      this.#makeRoom();
      this.#seen.set(key, { line, since: now, written: 1, suppressed: 0 });
      this.write(line);
    } else if (seen.written < burst) {
      seen.written += 1;
      this.write(line);
    } else {
      seen.suppressed += 1;
      // Nothing else may come: the count is logged anyway, when the interval is over.
      this.#timer ??= setTimeout(() => this.#expire(), seen.since + interval * 1000 - now).unref();
    }
  }

  /** Tells of all that is held back. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [key, seen] of this.#seen) this.#forget(key, seen);
  }

  #expire(): void {
    this.#timer = undefined;
    const { interval } = this.options;
    const now = Date.now();
    let next = Infinity;
    for (const [key, seen] of this.#seen) {
      const left = seen.since + interval * 1000 - now;
      if (left <= 0) this.#forget(key, seen);
      else if (seen.suppressed > 0) next = Math.min(next, left);
    }
    if (next < Infinity) this.#timer = setTimeout(() => this.#expire(), next).unref();
  }

  #makeRoom(): void {
    if (this.#seen.size < rememberedLines) return;
    const [[key, seen]] = this.#seen;
    this.#forget(key, seen);
  }

  #forget(key: string, { line, suppressed, since }: Seen): void {
    this.#seen.delete(key);
    if (suppressed === 0) return;
    const entry = JSON.parse(line) as { time: number; msg?: string };
    const seconds = Math.ceil((Date.now() - since) / 1000);
    const text = `${entry.msg ?? ''} (and ${suppressed} times more within ${seconds} s)`;
    this.write(
      `${JSON.stringify({ ...entry, time: Date.now(), repeated: suppressed, msg: text })}\n`,
    );
  }
}
