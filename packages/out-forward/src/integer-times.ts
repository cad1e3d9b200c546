import type { EventStream } from '@sluice/event-stream';
import { EntryCursor } from '@sluice/event-stream/packed';

const ARRAY_OF_2 = 0x92;
const UINT_32 = 0xce;
// Where the seconds of an EventTime lie, by the first byte of its two forms: fixext 8 and ext 8.
const SECONDS_AT: Readonly<Record<number, number>> = { 0xd7: 2, 0xc7: 3 };

/**
 * The same events with times in whole seconds, as v0 of the protocol has them. Records stay; Fluent
 * Bit's metadata has no place beside an integer.
 */
export function integerTimes(stream: EventStream): EventStream {
  const { bytes } = stream;
  const parts: Buffer[] = [];
  const entry = new EntryCursor(bytes);
  while (entry.next()) {
    const { time, metadata, record, end } = entry;
    const seconds = SECONDS_AT[bytes[time]] as number | undefined;
    if (seconds === undefined) {
      const afterTime = metadata < 0 ? record : metadata;
      parts.push(Buffer.of(ARRAY_OF_2), bytes.subarray(time, afterTime));
    } else {
      const at = time + seconds;
      parts.push(Buffer.of(ARRAY_OF_2, UINT_32), bytes.subarray(at, at + 4));
    }
    parts.push(bytes.subarray(record, end));
  }
  return stream.withEntries(Buffer.concat(parts), stream.count);
}
