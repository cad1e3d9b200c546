import { EventStream, headSize, isArray, skipValue } from '@sluice/event-stream';

const EVENT_TIME_HEAD = new Map([
  [0xd7, 2],
  [0xc7, 3],
]);

/** The same events with times in whole seconds, as v0 of the protocol has them. Records stay. */
export function integerTimes(stream: EventStream): EventStream {
  const { bytes } = stream;
  const parts: Buffer[] = [];
  let pos = 0;
  while (pos < bytes.length) {
    const end = skipValue(bytes, pos, bytes.length);
    pos += headSize(bytes[pos]);
    const inner = isArray(bytes[pos]); // Fluent Bit's metadata has no place beside an integer
    const record = skipValue(bytes, pos, end);
    if (inner) pos += headSize(bytes[pos]);
    const at = EVENT_TIME_HEAD.get(bytes[pos]);
    parts.push(Buffer.of(0x92));
    if (at === undefined) parts.push(bytes.subarray(pos, skipValue(bytes, pos, end)));
    else parts.push(Buffer.of(0xce), bytes.subarray(pos + at, pos + at + 4));
    parts.push(bytes.subarray(record, end));
    pos = end;
  }
  return EventStream.fromScanned(Buffer.concat(parts), stream.count);
}
