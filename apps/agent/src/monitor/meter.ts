import type { EventStream } from '@sluice/event-stream';
import type { Filter, Latency, Output, Router, Traffic } from '@sluice/plugin';

/** Seconds: from what a memory copy takes to what makes a sender give up. */
const bounds: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

class LatencyBuckets implements Latency {
  readonly bounds = bounds;
  readonly counts: number[] = new Array<number>(bounds.length + 1).fill(0);
  sum = 0;

  add(seconds: number): void {
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]) bucket += 1;
    this.counts[bucket] += 1;
    this.sum += seconds;
  }
}

/**
 * Counts what goes through one plugin. It is put around plugins only where somebody watches: a
 * configuration without a monitor runs the same code as if this did not exist.
 */
export class Meter implements Traffic {
  emits = 0;
  records = 0;
  bytes = 0;
  kept = 0;
  failed = 0;
  pending = 0;
  readonly latency = new LatencyBuckets();

  /** Makes the call, and counts how it goes. */
  measure(stream: EventStream, call: () => void | Promise<void>): void | Promise<void> {
    this.count(stream);
    const since = performance.now();
    let kept: void | Promise<void>;
    try {
      kept = call();
    } catch (error) {
      this.failed += 1;
      throw error;
    }
    if (kept === undefined) {
      this.#settled(since);
      return undefined;
    }
    this.pending += 1;
    kept.then(
      () => {
        this.pending -= 1;
        this.#settled(since);
      },
      () => {
        this.pending -= 1;
        this.failed += 1;
      },
    );
    return kept;
  }

  count(stream: EventStream): void {
    this.emits += 1;
    this.records += stream.count;
    this.bytes += stream.bytes.length;
  }

  #settled(since: number): void {
    this.kept += 1;
    this.latency.add((performance.now() - since) / 1000);
  }
}

/** A router that counts what an input hands to it. */
export function meteredRouter(router: Router, meter: Meter): Router {
  return { emit: (tag, stream) => meter.measure(stream, () => router.emit(tag, stream)) };
}

/** Counts what an output is given, whoever gives it. */
export function meterOutput(output: Output, meter: Meter): void {
  const write = output.write.bind(output);
  output.write = (tag, stream) => meter.measure(stream, () => write(tag, stream));
}

/** Counts what goes on after a filter, as Fluentd does. */
export function meterFilter(filter: Filter, meter: Meter): void {
  const original = filter.filter.bind(filter);
  filter.filter = (tag, stream) => {
    let left: EventStream;
    try {
      left = original(tag, stream);
    } catch (error) {
      meter.failed += 1;
      throw error;
    }
    meter.count(left);
    meter.kept += 1;
    return left;
  };
}
