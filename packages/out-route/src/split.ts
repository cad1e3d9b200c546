import type { EventStream } from '@sluice/event-stream';
import { allKept, checkKeeping, KEPT, type Keeping, type Router } from '@sluice/plugin';

/** Where events are handed on to. */
export interface Destination {
  readonly router: Router;
  readonly tag: string;
}

interface Share extends Destination {
  readonly pieces: Buffer[];
  start: number;
  end: number;
  count: number;
}

/** Divides the events of one stream among destinations; what has the same one stays in its order. */
export class Split {
  readonly #stream: EventStream;
  readonly #shares = new Map<Router, Map<string, Share>>();

  constructor(stream: EventStream) {
    this.#stream = stream;
  }

  /** Gives the event between these positions to a destination; one event may go to several. */
  add({ router, tag }: Destination, start: number, end: number): void {
    let tags = this.#shares.get(router);
    if (tags === undefined) this.#shares.set(router, (tags = new Map<string, Share>()));
    const share = tags.get(tag);
    if (share === undefined) {
      tags.set(tag, { router, tag, pieces: [], start, end, count: 1 });
      return;
    }
    if (share.end !== start) {
      share.pieces.push(this.#stream.bytes.subarray(share.start, share.end));
      share.start = start;
    }
    share.end = end;
    share.count += 1;
  }

  /** Hands the events on. @param id names the output in errors */
  emit(id: string): Keeping {
    const pending: Promise<void>[] = [];
    for (const tags of this.#shares.values()) {
      for (const share of tags.values()) {
        const kept = handOn(share, this.#streamOf(share), id);
        if (kept !== KEPT) pending.push(kept);
      }
    }
    return pending.length === 0 ? KEPT : allKept(pending);
  }

  #streamOf({ pieces, start, end, count }: Share): EventStream {
    const stream = this.#stream;
    if (count === stream.count && pieces.length === 0) return stream;
    const last = stream.bytes.subarray(start, end);
    return stream.withEntries(pieces.length === 0 ? last : Buffer.concat([...pieces, last]), count);
  }
}

/** Hands a stream on; what the router throws is a rejection, so that the others still get theirs. */
export function handOn({ router, tag }: Destination, stream: EventStream, id: string): Keeping {
  try {
    return checkKeeping(router.emit(tag, stream), id, 'emit');
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}
