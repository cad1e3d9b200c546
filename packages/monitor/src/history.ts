import type { HostView } from '@sluice/plugin';

/** What came in within one second. */
export interface HistoryPoint {
  /** Unix time of the end of the second, whole seconds. */
  readonly time: number;
  readonly records: number;
  readonly bytes: number;
}

/** Seconds that are kept. */
const kept = 120;

/** Remembers what came in during the last two minutes, so that a page begins with a chart. */
export class History {
  readonly #host: HostView;
  #points: HistoryPoint[] = [];
  #last = { records: 0, bytes: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(host: HostView) {
    this.#host = host;
  }

  start(): void {
    this.#last = this.#now();
    this.#timer = setInterval(() => this.#sample(), 1000).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The oldest first. */
  get points(): readonly HistoryPoint[] {
    return this.#points;
  }

  #now(): { records: number; bytes: number } {
    const sum = { records: 0, bytes: 0 };
    for (const { category, type, traffic } of this.#host.plugins) {
      if (category !== 'input' || type === 'monitor_agent') continue;
      sum.records += traffic.records;
      sum.bytes += traffic.bytes;
    }
    return sum;
  }

  #sample(): void {
    const now = this.#now();
    this.#points.push({
      time: Math.floor(Date.now() / 1000),
      records: now.records - this.#last.records,
      bytes: now.bytes - this.#last.bytes,
    });
    this.#last = now;
    if (this.#points.length > kept) this.#points = this.#points.slice(-kept);
  }
}

/** One history of several workers: what came in to all of them. */
export function mergeHistories(histories: readonly (readonly HistoryPoint[])[]): HistoryPoint[] {
  const seconds = new Map<number, HistoryPoint>();
  for (const { time, records, bytes } of histories.flat()) {
    const other = seconds.get(time) ?? { records: 0, bytes: 0 };
    seconds.set(time, { time, records: other.records + records, bytes: other.bytes + bytes });
  }
  return [...seconds.values()].sort((a, b) => a.time - b.time).slice(-kept);
}
