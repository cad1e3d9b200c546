import type { EventStream } from '@sluice/event-stream';
import { EntryCursor } from '@sluice/event-stream/packed';
import { JetStreamPluginError } from './errors.js';

/** Entries that go into one message. */
export interface Part {
  readonly bytes: Buffer;
  readonly events: number;
  /** Where it begins in the whole. */
  readonly from: number;
}

/**
 * Cuts a stream between entries into parts of at most `limit` bytes; views, no copies.
 *
 * @throws JetStreamPluginError where one entry alone is larger
 */
export function splitAtEntries(stream: EventStream, limit: number): Part[] {
  const { bytes, count } = stream;
  if (bytes.length <= limit) return [{ bytes, events: count, from: 0 }];
  const parts: Part[] = [];
  let from = 0;
  let end = 0;
  let events = 0;
  const cut = (): void => {
    parts.push({ bytes: bytes.subarray(from, end), events, from });
    from = end;
    events = 0;
  };
  const entry = new EntryCursor(bytes);
  while (entry.next()) {
    const size = entry.end - entry.start;
    if (size > limit) {
      throw new JetStreamPluginError(
        'ERR_SLUICE_JETSTREAM_TOO_LARGE',
        `an event of ${size} bytes is larger than the ${limit} that max_payload of the server leaves`,
      );
    }
    if (entry.end - from > limit) cut();
    end = entry.end;
    events++;
  }
  cut();
  return parts;
}
