import { EventStream, EventTime, encodeValue } from '@sluice/event-stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { integerTimes } from '../src/integer-times.js';

test('times become whole seconds, records stay, metadata goes', () => {
  const event = fc.record({
    seconds: fc.integer({ min: 1, max: 0xffff_ffff }),
    nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
    record: fc.dictionary(fc.string(), fc.string()).map((record) => ({ ...record })),
    metadata: fc.option(fc.constantFrom({}, { source: 'x' }), { nil: undefined }),
    form: fc.constantFrom('fixext', 'ext', 'integer'),
  });
  const pack = (events: readonly (typeof event extends fc.Arbitrary<infer T> ? T : never)[]) =>
    events.map(({ seconds, nanoseconds, record, metadata, form }) => {
      const eventTime = Buffer.alloc(8);
      eventTime.writeUInt32BE(seconds);
      eventTime.writeUInt32BE(nanoseconds, 4);
      const time = {
        fixext: Buffer.concat([Buffer.of(0xd7, 0), eventTime]),
        ext: Buffer.concat([Buffer.of(0xc7, 8, 0), eventTime]),
        integer: encodeValue(seconds),
      }[form];
      return Buffer.concat([
        ...(metadata === undefined
          ? [Buffer.of(0x92), time]
          : [Buffer.of(0x92, 0x92), time, encodeValue(metadata)]),
        encodeValue(record),
      ]);
    });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 6 }), (events) => {
      const stream = EventStream.fromPacked(Buffer.concat(pack(events))).withChunkId('an id');
      const made = integerTimes(stream);
      expect(made.chunkId).toBe('an id');
      expect([...EventStream.fromPacked(made.bytes)]).toEqual(
        [...stream].map(({ time, record }) => ({ time: new EventTime(time.seconds), record })),
      );
    }),
  );
});
