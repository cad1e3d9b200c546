import type { EventStream } from '@sluice/event-stream';
import type { Latency, Traffic } from '../host.js';
import { KEPT, type Keeping } from '../kept.js';
import type { EventSink } from '../output.js';
import type { Router } from '../router.js';
import type { FilterStep } from './guards.js';

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
  pendingSince: number | undefined;
  readonly latency = new LatencyBuckets();

  /** Makes the call, and counts how it goes. */
  measure(stream: EventStream, call: () => Keeping): Keeping {
    this.count(stream);
    const since = performance.now();
    let kept: Keeping;
    try {
      kept = call();
    } catch (error) {
      this.failed += 1;
      throw error;
    }
    if (kept === KEPT) {
      this.#settled(since);
      return KEPT;
    }
    this.pending += 1;
    this.pendingSince ??= Date.now();
    kept.then(
      () => {
        this.#leave();
        this.#settled(since);
      },
      () => {
        this.#leave();
        this.failed += 1;
      },
    );
    return kept;
  }

  /** Counts a stream, and leaves open how its call goes. */
  count(stream: EventStream): void {
    this.emits += 1;
    this.records += stream.count;
    this.bytes += stream.bytes.length;
  }

  #leave(): void {
    this.pending -= 1;
    this.pendingSince = this.pending === 0 ? undefined : Date.now();
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

/** A sink that counts what an output is given, whoever gives it. */
export function meteredSink(sink: EventSink, meter: Meter): EventSink {
  return {
    id: sink.id,
    write: (tag, stream, chunk) => meter.measure(stream, () => sink.write(tag, stream, chunk)),
  };
}

/** A step that counts what goes on after a filter, as Fluentd does. */
export function meteredFilter(filter: FilterStep, meter: Meter): FilterStep {
  return {
    id: filter.id,
    filter(tag, stream) {
      const count = (left: EventStream): EventStream => {
        meter.count(left);
        meter.kept += 1;
        return left;
      };
      const failed = (error: unknown): never => {
        meter.failed += 1;
        throw error;
      };
      try {
        const left = filter.filter(tag, stream);
        return left instanceof Promise ? left.then(count, failed) : count(left);
      } catch (error) {
        return failed(error);
      }
    },
  };
}
